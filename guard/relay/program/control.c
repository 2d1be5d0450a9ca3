// SPDX-License-Identifier: Apache-2.0
#include "control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "queue.h"

#define HEADER_BYTES 5

static struct queue out;
static struct queue in;

static void put_number(unsigned char *bytes, uint32_t number)
{
	int i;

	for (i = 0; i < 4; i++)
		bytes[i] = number >> 8 * i;
}

uint32_t number_at(const unsigned char *bytes)
{
	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

pid_t control_peer(void)
{
	struct ucred peer = {};
	socklen_t length = sizeof(peer);

	return getsockopt(CONTROL_FD, SOL_SOCKET, SO_PEERCRED, &peer, &length) ? 0 : peer.pid;
}

void tell(enum told kind, const void *bytes, size_t length)
{
	unsigned char header[HEADER_BYTES];

	put_number(header, length);
	header[4] = kind;
	queue_put(&out, header, sizeof(header));
	queue_put(&out, bytes, length);
}

void tell_numbers(enum told kind, uint32_t first, uint32_t second)
{
	unsigned char numbers[8];

	put_number(numbers, first);
	put_number(numbers + 4, second);
	tell(kind, numbers, sizeof(numbers));
}

size_t control_waiting(void)
{
	return queue_used(&out);
}

int control_flush(void)
{
	while (queue_used(&out)) {
		ssize_t n = send(CONTROL_FD, queue_front(&out), queue_used(&out), MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			queue_drop(&out, n);
	}
	return 0;
}

static int carry_out(int (*handle)(enum order kind, const unsigned char *bytes, size_t length))
{
	while (queue_used(&in) >= HEADER_BYTES) {
		const unsigned char *frame = queue_front(&in);
		size_t length = number_at(frame);
		int err;

		if (length > FRAME_BYTES)
			return -EPROTO;
		if (queue_used(&in) - HEADER_BYTES < length)
			return 0;
		err = handle(frame[4], frame + HEADER_BYTES, length);
		if (err)
			return err;
		queue_drop(&in, HEADER_BYTES + length);
	}
	return 0;
}

int control_read(int (*handle)(enum order kind, const unsigned char *bytes, size_t length))
{
	size_t room = HEADER_BYTES + FRAME_BYTES - queue_used(&in);
	ssize_t n;

	/* Most frames are small: room for a large one is made when it comes. */
	if (room > 64 * 1024)
		room = 64 * 1024;
	n = recv(CONTROL_FD, queue_space(&in, room), room, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (!n)
		return 1;
	in.end += n;
	return carry_out(handle);
}
