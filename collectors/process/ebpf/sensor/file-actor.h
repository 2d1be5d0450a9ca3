/* SPDX-License-Identifier: Apache-2.0 */
/* Who writes in marked directories, and who opens guarded files, by a fanotify group (fanotify(7)). */
#ifndef SEALWATCH_FILE_ACTOR_H
#define SEALWATCH_FILE_ACTOR_H

#include <stddef.h>

/* Opens the group, which takes CAP_SYS_ADMIN; 0, or -errno. Later calls need it no more. */
int file_actor_open(void);

/* Says whether it is open: `error` is what file_actor_open() gave. */
int file_actor_tell(int error);

/* Descriptor that is readable when something was done; -1 where the group is not open. */
int file_actor_fd(void);

/* Marks a directory; what stands in the way is told as a record. 0, or -errno where the pipe is broken. */
int file_actor_mark(const char *path, size_t bytes);

void file_actor_unmark(const char *path, size_t bytes);

/* Marks a file, or what lies directly in a directory, so that its opening is told. */
int file_actor_guard(const char *path, size_t bytes);

void file_actor_unguard(const char *path, size_t bytes);

/* Passes on what was done, up to a bound; 0, or -errno where the pipe is broken. */
int file_actor_read(void);

#endif
