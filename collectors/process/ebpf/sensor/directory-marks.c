// SPDX-License-Identifier: Apache-2.0
#include "directory-marks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>

#define MAX_MARKS 8192
#define BUCKETS 16384 /* a power of two */

struct mark {
	struct mark *next;
	fsid_t fsid;
	char *path;
	struct file_handle handle; /* its bytes follow */
};

static struct mark *buckets[BUCKETS];
static unsigned int marks;

/* FNV-1a over the handle. */
static unsigned int bucket_of(const struct file_handle *handle)
{
	unsigned int hash = 2166136261U, i;

	for (i = 0; i < handle->handle_bytes; i++)
		hash = (hash ^ handle->f_handle[i]) * 16777619U;
	return hash & (BUCKETS - 1);
}

static struct mark *find(const fsid_t *fsid, const struct file_handle *handle)
{
	struct mark *mark = buckets[bucket_of(handle)];

	for (; mark; mark = mark->next)
		if (!memcmp(&mark->fsid, fsid, sizeof(*fsid)) &&
		    mark->handle.handle_type == handle->handle_type &&
		    mark->handle.handle_bytes == handle->handle_bytes &&
		    !memcmp(mark->handle.f_handle, handle->f_handle, handle->handle_bytes))
			return mark;
	return NULL;
}

static struct mark *describe(const char *path)
{
	struct mark *mark = calloc(1, sizeof(*mark) + MAX_HANDLE_SZ);
	struct statfs fs;
	int mount;

	if (!mark)
		return NULL;
	mark->handle.handle_bytes = MAX_HANDLE_SZ;
	mark->path = strdup(path);
	if (!mark->path || statfs(path, &fs) ||
	    name_to_handle_at(AT_FDCWD, path, &mark->handle, &mount, AT_SYMLINK_FOLLOW)) {
		free(mark->path);
		free(mark);
		return NULL;
	}
	mark->fsid = fs.f_fsid;
	return mark;
}

static void release(struct mark *mark)
{
	free(mark->path);
	free(mark);
}

const char *directory_marks_find(const fsid_t *fsid, const struct file_handle *handle)
{
	const struct mark *mark = find(fsid, handle);

	return mark ? mark->path : NULL;
}

int directory_marks_note(const char *path)
{
	struct mark *mark, *known;
	unsigned int bucket;

	if (marks >= MAX_MARKS)
		return -ENOSPC;
	mark = describe(path);
	if (!mark)
		return -errno;
	known = find(&mark->fsid, &mark->handle);
	if (known) {
		free(known->path);
		known->path = mark->path;
		free(mark);
		return 0;
	}
	bucket = bucket_of(&mark->handle);
	mark->next = buckets[bucket];
	buckets[bucket] = mark;
	marks++;
	return 0;
}

void directory_marks_forget(const char *path)
{
	struct mark **at, *mark;
	unsigned int bucket;

	for (bucket = 0; bucket < BUCKETS; bucket++) {
		for (at = &buckets[bucket]; *at;) {
			mark = *at;
			if (strcmp(mark->path, path)) {
				at = &mark->next;
				continue;
			}
			*at = mark->next;
			release(mark);
			marks--;
		}
	}
}
