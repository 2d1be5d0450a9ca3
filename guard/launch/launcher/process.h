/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_PROCESS_H
#define SEALWATCH_PROCESS_H

#include <limits.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Looks into a thread that waits for an answer. Whoever calls these asks afterwards whether it still waits. */

/* Reads a string of less than PATH_MAX bytes at an address of the thread; 0 or -errno. */
int process_path(pid_t tid, __u64 address, char path[PATH_MAX]);
int process_read(pid_t tid, __u64 address, void *into, size_t length);
int process_write(pid_t tid, __u64 address, const void *bytes, size_t length);

/* A handle (O_PATH) of /proc/TID/NAME, or -errno. */
int process_open(pid_t tid, const char *name);

/* Whether paths mean to the thread what they mean to this process: the same mounts and the same root. */
bool process_shares_root(pid_t tid);

/* Where a descriptor of this process leads, as proc(5) writes it; 0 or -errno. */
int path_of(int fd, char path[PATH_MAX]);

#endif
