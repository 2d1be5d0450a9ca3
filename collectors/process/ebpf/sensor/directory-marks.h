/* SPDX-License-Identifier: Apache-2.0 */
/* Marked directories, known again by file system and handle, whatever their name has become. */
#ifndef SEALWATCH_DIRECTORY_MARKS_H
#define SEALWATCH_DIRECTORY_MARKS_H

#include <fcntl.h>
#include <sys/types.h>

/* The path under which it was marked last; NULL where it is not marked. */
const char *directory_marks_find(const fsid_t *fsid, const struct file_handle *handle);

/* Notes a directory that is about to be marked; 0, or -errno: -ENOSPC where there are too many. */
int directory_marks_note(const char *path);

/* Forgets the directory that was noted under this path. */
void directory_marks_forget(const char *path);

#endif
