// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "file-actor.h"
#include "output.h"

#define MAX_MARKS 8192
#define BUCKETS 16384 /* a power of two */
#define READ_BYTES (64 * 1024)
/* After so many reads the ring gets its turn. */
#define READS_AT_ONCE 16
#define WATCHED                                                                                    \
	(FAN_CREATE | FAN_DELETE | FAN_MODIFY | FAN_CLOSE_WRITE | FAN_MOVED_FROM | FAN_MOVED_TO |   \
	 FAN_ATTRIB | FAN_EVENT_ON_CHILD | FAN_ONDIR)

/* A directory is known again by its file system and handle, whatever its name has become. */
struct mark {
	struct mark *next;
	fsid_t fsid;
	char *path;
	struct file_handle handle; /* its bytes follow */
};

static struct {
	int fd;
	unsigned int marks;
	struct mark *buckets[BUCKETS];
} actor = { .fd = -1 };

/* The last record, so that a file written in a thousand steps is told once. */
static struct {
	unsigned char bytes[sizeof(struct sensor_file_write) + PATH_MAX + NAME_MAX + 1];
	size_t length;
} last;

int file_actor_open(void)
{
	actor.fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_CLOEXEC | FAN_NONBLOCK,
				 O_RDONLY);
	return actor.fd < 0 ? -errno : 0;
}

int file_actor_tell(int error)
{
	struct sensor_file_actor record = {
		.header = header_of(SENSOR_FILE_ACTOR, sizeof(record)),
		.error = -error,
	};

	return emit(&record, sizeof(record));
}

int file_actor_fd(void)
{
	return actor.fd;
}

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
	struct mark *mark = actor.buckets[bucket_of(handle)];

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

/* Describes first and marks then: an event that comes at once finds its directory. */
static int add(const char *path)
{
	struct mark *mark, *known;
	unsigned int bucket;

	if (actor.marks >= MAX_MARKS)
		return -ENOSPC;
	mark = describe(path);
	if (!mark)
		return -errno;
	if (fanotify_mark(actor.fd, FAN_MARK_ADD | FAN_MARK_ONLYDIR, WATCHED, AT_FDCWD, path)) {
		free(mark->path);
		free(mark);
		return -errno;
	}
	known = find(&mark->fsid, &mark->handle);
	if (known) {
		free(known->path);
		known->path = mark->path;
		free(mark);
		return 0;
	}
	bucket = bucket_of(&mark->handle);
	mark->next = actor.buckets[bucket];
	actor.buckets[bucket] = mark;
	actor.marks++;
	return 0;
}

static int tell_unmarked(const char *path, size_t bytes, int error)
{
	unsigned char record[sizeof(struct sensor_unmarked) + PATH_MAX];
	struct sensor_unmarked fixed = {
		.header = header_of(SENSOR_UNMARKED, sizeof(fixed) + bytes),
		.error = -error,
		.path_bytes = bytes,
	};

	memcpy(record, &fixed, sizeof(fixed));
	memcpy(record + sizeof(fixed), path, bytes);
	return emit(record, sizeof(fixed) + bytes);
}

static int copy_path(char *into, const char *path, size_t bytes)
{
	if (!bytes || bytes >= PATH_MAX || memchr(path, 0, bytes))
		return -EINVAL;
	memcpy(into, path, bytes);
	into[bytes] = 0;
	return 0;
}

int file_actor_mark(const char *path, size_t bytes)
{
	char text[PATH_MAX];
	int err = copy_path(text, path, bytes);

	if (!err)
		err = actor.fd < 0 ? -ENOTSUP : add(text);
	return err ? tell_unmarked(path, bytes < PATH_MAX ? bytes : PATH_MAX - 1, err) : 0;
}

void file_actor_unmark(const char *path, size_t bytes)
{
	char text[PATH_MAX];
	struct mark **at, *mark;
	unsigned int bucket;

	if (actor.fd < 0 || copy_path(text, path, bytes))
		return;
	/* Where another directory stands there by now, the old one's mark ends with the old one. */
	fanotify_mark(actor.fd, FAN_MARK_REMOVE | FAN_MARK_ONLYDIR, WATCHED, AT_FDCWD, text);
	for (bucket = 0; bucket < BUCKETS; bucket++) {
		for (at = &actor.buckets[bucket]; *at;) {
			mark = *at;
			if (strcmp(mark->path, text)) {
				at = &mark->next;
				continue;
			}
			*at = mark->next;
			free(mark->path);
			free(mark);
			actor.marks--;
		}
	}
}

/* Start of a process in clock ticks since boot, proc_pid_stat(5) field 22; 0 where it is gone. */
static __u64 start_of(int pid)
{
	char path[32], text[1024], *at;
	unsigned long long start = 0;
	ssize_t n = -1;
	int fd, field;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	if (n <= 0)
		return 0;
	text[n] = 0;
	/* The name in brackets may hold brackets and blanks of its own. */
	at = strrchr(text, ')');
	for (field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at && sscanf(at, " %llu", &start) == 1 ? start : 0;
}

static int tell_write(const struct fanotify_event_metadata *event, const char *directory, const char *name)
{
	struct sensor_file_write fixed = {
		.time_ns = clock_ns(CLOCK_BOOTTIME),
		.start_ticks = start_of(event->pid),
		.pid = event->pid,
		.mask = event->mask & 0xffffffff,
		.directory_bytes = strlen(directory),
		.name_bytes = strlen(name),
	};
	size_t length = sizeof(fixed) + fixed.directory_bytes + fixed.name_bytes;
	const size_t from = offsetof(struct sensor_file_write, start_ticks);
	unsigned char record[sizeof(last.bytes)];

	if (length > sizeof(record))
		return 0;
	fixed.header = header_of(SENSOR_FILE_WRITE, length);
	memcpy(record, &fixed, sizeof(fixed));
	memcpy(record + sizeof(fixed), directory, fixed.directory_bytes);
	memcpy(record + sizeof(fixed) + fixed.directory_bytes, name, fixed.name_bytes);
	if (length == last.length && !memcmp(record + from, last.bytes + from, length - from))
		return 0;
	memcpy(last.bytes, record, length);
	last.length = length;
	return emit(record, length);
}

static int tell_loss(void)
{
	struct sensor_file_loss loss = {
		.header = header_of(SENSOR_FILE_LOSS, sizeof(loss)),
		.time_ns = clock_ns(CLOCK_BOOTTIME),
	};

	return emit(&loss, sizeof(loss));
}

static int handle_event(const struct fanotify_event_metadata *event)
{
	const struct fanotify_event_info_fid *info = (const void *)((const char *)event + event->metadata_len);
	const struct file_handle *handle = (const void *)info->handle;
	const struct mark *mark;
	fsid_t fsid;

	if (event->mask & FAN_Q_OVERFLOW)
		return tell_loss();
	if (event->event_len < event->metadata_len + sizeof(*info) + sizeof(*handle) ||
	    info->hdr.info_type != FAN_EVENT_INFO_TYPE_DFID_NAME)
		return 0;
	memcpy(&fsid, &info->fsid, sizeof(fsid));
	mark = find(&fsid, handle);
	/* Unmarked meanwhile. */
	if (!mark)
		return 0;
	return tell_write(event, mark->path, (const char *)handle->f_handle + handle->handle_bytes);
}

int file_actor_read(void)
{
	static char bytes[READ_BYTES] __attribute__((aligned(__alignof__(struct fanotify_event_metadata))));
	const struct fanotify_event_metadata *event;
	int reads, err;
	ssize_t n;

	last.length = 0;
	for (reads = 0; actor.fd >= 0 && reads < READS_AT_ONCE; reads++) {
		n = read(actor.fd, bytes, sizeof(bytes));
		if (n <= 0)
			break;
		for (event = (const void *)bytes; FAN_EVENT_OK(event, n); event = FAN_EVENT_NEXT(event, n)) {
			err = event->vers == FANOTIFY_METADATA_VERSION ? handle_event(event) : -EPROTO;
			if (event->fd >= 0)
				close(event->fd);
			if (err)
				return err;
		}
	}
	return 0;
}
