// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "census.h"
#include "directory-marks.h"
#include "file-actor.h"
#include "output.h"
#include "proc.h"

#define READ_BYTES (64 * 1024)
/* After so many reads the ring gets its turn. */
#define READS_AT_ONCE 16
#define WATCHED                                                                                    \
	(FAN_CREATE | FAN_DELETE | FAN_MODIFY | FAN_CLOSE_WRITE | FAN_MOVED_FROM | FAN_MOVED_TO |   \
	 FAN_ATTRIB | FAN_EVENT_ON_CHILD | FAN_ONDIR)
#define GUARDED (FAN_OPEN | FAN_EVENT_ON_CHILD)

static int group = -1;

/* The last record, so that a file written in a thousand steps is told once. */
static struct {
	unsigned char bytes[sizeof(struct sensor_file_write) + PATH_MAX + NAME_MAX + 1];
	size_t length;
} last;

int file_actor_open(void)
{
	group = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_CLOEXEC | FAN_NONBLOCK,
				 O_RDONLY);
	return group < 0 ? -errno : 0;
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
	return group;
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

/* What is noted comes before what is marked: an event that comes at once finds its directory. */
static int watch_directory(const char *path)
{
	int err = directory_marks_note(path);

	if (!err && fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_ONLYDIR, WATCHED, AT_FDCWD, path))
		err = -errno;
	return err;
}

/* Events about a single file tell its directory. */
static int guard_path(const char *path)
{
	char copy[PATH_MAX];
	struct stat stat;
	int err;

	if (lstat(path, &stat))
		return -errno;
	strcpy(copy, path);
	err = directory_marks_note(S_ISDIR(stat.st_mode) ? path : dirname(copy));
	if (!err && fanotify_mark(group, FAN_MARK_ADD, GUARDED, AT_FDCWD, path))
		err = -errno;
	return err;
}

static int add(const char *path, size_t bytes, int (*mark)(const char *path))
{
	char text[PATH_MAX];
	int err = copy_path(text, path, bytes);

	if (!err)
		err = group < 0 ? -ENOTSUP : mark(text);
	return err ? tell_unmarked(path, bytes < PATH_MAX ? bytes : PATH_MAX - 1, err) : 0;
}

int file_actor_mark(const char *path, size_t bytes)
{
	return add(path, bytes, watch_directory);
}

int file_actor_guard(const char *path, size_t bytes)
{
	return add(path, bytes, guard_path);
}

void file_actor_unmark(const char *path, size_t bytes)
{
	char text[PATH_MAX];

	if (group < 0 || copy_path(text, path, bytes))
		return;
	/* Where another directory stands there by now, the old one's mark ends with the old one. */
	fanotify_mark(group, FAN_MARK_REMOVE | FAN_MARK_ONLYDIR, WATCHED, AT_FDCWD, text);
	directory_marks_forget(text);
}

void file_actor_unguard(const char *path, size_t bytes)
{
	char text[PATH_MAX];

	if (group >= 0 && !copy_path(text, path, bytes))
		fanotify_mark(group, FAN_MARK_REMOVE, GUARDED, AT_FDCWD, text);
}

static int tell(const struct fanotify_event_metadata *event, const char *directory, const char *name)
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
	fixed.header = header_of(event->mask & FAN_OPEN ? SENSOR_FILE_OPEN : SENSOR_FILE_WRITE, length);
	memcpy(record, &fixed, sizeof(fixed));
	memcpy(record + sizeof(fixed), directory, fixed.directory_bytes);
	memcpy(record + sizeof(fixed) + fixed.directory_bytes, name, fixed.name_bytes);
	if (length == last.length && !memcmp(record + from, last.bytes + from, length - from))
		return 0;
	memcpy(last.bytes, record, length);
	last.length = length;
	return census_tell(event->pid) ?: emit(record, length);
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
	const char *directory;
	fsid_t fsid;

	if (event->mask & FAN_Q_OVERFLOW)
		return tell_loss();
	if (event->event_len < event->metadata_len + sizeof(*info) + sizeof(*handle) ||
	    info->hdr.info_type != FAN_EVENT_INFO_TYPE_DFID_NAME)
		return 0;
	memcpy(&fsid, &info->fsid, sizeof(fsid));
	directory = directory_marks_find(&fsid, handle);
	/* Unmarked meanwhile. */
	if (!directory)
		return 0;
	return tell(event, directory, (const char *)handle->f_handle + handle->handle_bytes);
}

int file_actor_read(void)
{
	static char bytes[READ_BYTES] __attribute__((aligned(__alignof__(struct fanotify_event_metadata))));
	const struct fanotify_event_metadata *event;
	int reads, err;
	ssize_t n;

	last.length = 0;
	for (reads = 0; group >= 0 && reads < READS_AT_ONCE; reads++) {
		n = read(group, bytes, sizeof(bytes));
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
