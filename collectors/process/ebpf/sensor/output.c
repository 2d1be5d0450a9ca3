// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"

#define FIRST_BYTES (256 * 1024)
/* What waits for a parent that is slow; beyond it the ring has to hold the rest, and what it cannot is counted. */
#define MAX_BYTES (64 * 1024 * 1024)

/* Bytes from `sent` to `used` wait. */
static struct {
	unsigned char *bytes;
	size_t room;
	size_t sent;
	size_t used;
} out;

size_t output_waiting(void)
{
	return out.used - out.sent;
}

int flush(void)
{
	ssize_t n;

	while (out.sent < out.used) {
		n = write(STDOUT_FILENO, out.bytes + out.sent, out.used - out.sent);
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			out.sent += n;
	}
	out.sent = out.used = 0;
	return 0;
}

static int wait_for_reader(void)
{
	struct pollfd pipe = { .fd = STDOUT_FILENO, .events = POLLOUT };

	poll(&pipe, 1, -1);
	return flush();
}

int flush_all(void)
{
	int err = flush();

	while (!err && output_waiting())
		err = wait_for_reader();
	return err;
}

/* Moves what waits to the front, or asks for more room; false where there is none. */
static bool make_room(size_t length)
{
	size_t room = out.room ?: FIRST_BYTES;
	unsigned char *bytes;

	if (out.sent) {
		memmove(out.bytes, out.bytes + out.sent, output_waiting());
		out.used -= out.sent;
		out.sent = 0;
	}
	while (room < out.used + length)
		room *= 2;
	if (room == out.room)
		return true;
	bytes = room > MAX_BYTES ? NULL : realloc(out.bytes, room);
	if (!bytes)
		return false;
	out.bytes = bytes;
	out.room = room;
	return true;
}

int emit(const void *record, size_t length)
{
	int err = 0;

	if (length > SENSOR_MAX_RECORD_BYTES)
		return -EMSGSIZE;
	if (out.used + length > out.room)
		err = flush();
	while (!err && out.used + length > out.room && !make_room(length))
		err = wait_for_reader();
	if (err)
		return err;
	memcpy(out.bytes + out.used, record, length);
	out.used += length;
	return 0;
}

int output_open(void)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	return flags < 0 || fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK) ? -errno : 0;
}

struct sensor_header header_of(enum sensor_type type, size_t length)
{
	return (struct sensor_header){ .length = length, .version = SENSOR_VERSION, .type = type };
}

__u64 clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (__u64)now.tv_sec * 1000000000ULL + now.tv_nsec;
}
