/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second way to keep members from executing shells: fanotify asks us before anybody executes one of the marked
 * files. A thread of its own answers, which waits for nobody; while the sensor stands still so does whoever
 * executes a shell, so this is for those who ask for it.
 */
#ifndef SEALWATCH_EXEC_PERMISSION_H
#define SEALWATCH_EXEC_PERMISSION_H

#include "programs.h"

/* Opens the group, which takes CAP_SYS_ADMIN; 0, or -errno. */
int exec_permission_open(void);

/* Begins to answer, with the rights that the caller has by then; 0, or -errno. */
int exec_permission_start(const struct programs *programs);

/* Descriptor that is readable when somebody was refused; -1 where nobody is asked. */
int exec_permission_fd(void);

/* Marks a file; 0, or -errno. Without a group nothing is done. */
int exec_permission_mark(const char *path, size_t bytes);

/* Emits who was refused; 0, or -errno where the pipe is broken. */
int exec_permission_read(void);

#endif
