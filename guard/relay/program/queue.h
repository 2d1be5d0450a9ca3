/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that wait, first in, first out. */
#ifndef SEALWATCH_QUEUE_H
#define SEALWATCH_QUEUE_H

#include <stddef.h>

/* All zero where nothing waits. Bytes from `begin` to `end` do. */
struct queue {
	unsigned char *bytes;
	size_t room;
	size_t begin;
	size_t end;
};

static inline size_t queue_used(const struct queue *queue)
{
	return queue->end - queue->begin;
}

static inline const unsigned char *queue_front(const struct queue *queue)
{
	return queue->bytes + queue->begin;
}

/*
 * Makes room for `length` bytes at the end and answers where it is; the process ends where there is no memory, or more
 * would wait than the bounds of those who put allow.
 */
unsigned char *queue_space(struct queue *queue, size_t length);

void queue_put(struct queue *queue, const void *bytes, size_t length);

void queue_drop(struct queue *queue, size_t length);

/* Moves all of one to the end of another. */
void queue_move(struct queue *to, struct queue *from);

#endif
