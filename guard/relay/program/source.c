// SPDX-License-Identifier: Apache-2.0
#include "source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Read at once, beside a line that is held. */
#define READ_BYTES (64 * 1024)

bool source_has_room(const struct source *source)
{
	return !source->has_ended && queue_used(&source->held) < HELD_BYTES;
}

void source_read(struct source *source)
{
	size_t room = HELD_BYTES + READ_BYTES - queue_used(&source->held);
	ssize_t n = read(source->fd, queue_space(&source->held, room), room);

	if (n > 0)
		source->held.end += n;
	else if (!n || (errno != EAGAIN && errno != EINTR))
		source->has_ended = true;
}

bool source_hand(struct source *source, enum told kind, size_t length)
{
	if (source->untaken >= WINDOW_BYTES)
		return false;
	if (!length)
		return true;
	tell(kind, queue_front(&source->held), length);
	source->is_inside = queue_front(&source->held)[length - 1] != '\n';
	source->untaken += length;
	source->unhandled += length;
	queue_drop(&source->held, length);
	return true;
}

size_t source_line(const struct source *source)
{
	const unsigned char *front = queue_front(&source->held);
	const unsigned char *end = queue_used(&source->held) ? memchr(front, '\n', queue_used(&source->held)) : NULL;

	return end ? end - front + 1 : 0;
}

size_t source_lines(const struct source *source)
{
	const unsigned char *front = queue_front(&source->held);
	const unsigned char *end = queue_used(&source->held) ? memrchr(front, '\n', queue_used(&source->held)) : NULL;

	return end ? end - front + 1 : 0;
}

int source_done(struct source *source, uint32_t taken, uint32_t handled)
{
	if (taken > source->untaken || handled > source->unhandled)
		return -EPROTO;
	source->untaken -= taken;
	source->unhandled -= handled;
	return 0;
}

bool source_is_over(const struct source *source)
{
	return source->has_ended && !queue_used(&source->held);
}
