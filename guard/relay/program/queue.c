// SPDX-License-Identifier: Apache-2.0
#include "queue.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES (64 * 1024)
/* Kept when nothing waits; more is given back. */
#define KEPT_BYTES (1024 * 1024)
/* Who puts has bounds of its own far below. */
#define MAX_BYTES (16 * 1024 * 1024)

unsigned char *queue_space(struct queue *queue, size_t length)
{
	size_t used = queue_used(queue), room = queue->room ? queue->room : FIRST_BYTES;

	if (length <= queue->room - queue->end)
		return queue->bytes + queue->end;
	if (queue->begin) {
		memmove(queue->bytes, queue_front(queue), used);
		queue->begin = 0;
		queue->end = used;
	}
	while (room - used < length)
		room *= 2;
	if (room > MAX_BYTES)
		abort();
	if (room > queue->room) {
		queue->bytes = realloc(queue->bytes, room);
		if (!queue->bytes)
			abort();
		queue->room = room;
	}
	return queue->bytes + queue->end;
}

void queue_put(struct queue *queue, const void *bytes, size_t length)
{
	if (!length)
		return;
	memcpy(queue_space(queue, length), bytes, length);
	queue->end += length;
}

void queue_drop(struct queue *queue, size_t length)
{
	queue->begin += length;
	if (queue->begin < queue->end)
		return;
	queue->begin = queue->end = 0;
	if (queue->room <= KEPT_BYTES)
		return;
	free(queue->bytes);
	*queue = (struct queue){};
}

void queue_move(struct queue *to, struct queue *from)
{
	queue_put(to, queue_front(from), queue_used(from));
	queue_drop(from, queue_used(from));
}
