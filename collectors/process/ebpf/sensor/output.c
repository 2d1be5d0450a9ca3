// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "output.h"

#define OUT_BYTES (256 * 1024)

static struct {
	unsigned char bytes[OUT_BYTES];
	size_t used;
} out;

static int write_all(const unsigned char *bytes, size_t length)
{
	struct pollfd pipe = { .fd = STDOUT_FILENO, .events = POLLOUT };
	ssize_t n;

	while (length > 0) {
		n = write(STDOUT_FILENO, bytes, length);
		if (n < 0 && errno == EAGAIN) {
			poll(&pipe, 1, -1);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		length -= n;
	}
	return 0;
}

int flush(void)
{
	int err = write_all(out.bytes, out.used);

	out.used = 0;
	return err;
}

int emit(const void *record, size_t length)
{
	int err = 0;

	if (length > SENSOR_MAX_RECORD_BYTES)
		return -EMSGSIZE;
	if (out.used + length > OUT_BYTES)
		err = flush();
	memcpy(out.bytes + out.used, record, length);
	out.used += length;
	return err;
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
