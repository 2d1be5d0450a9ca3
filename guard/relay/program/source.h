/* SPDX-License-Identifier: Apache-2.0 */
/* Where bytes come from: the client, or the server's output. Some go to the guard, which says when it is done. */
#ifndef SEALWATCH_SOURCE_H
#define SEALWATCH_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "control.h"
#include "queue.h"

/* Bytes of a line that are held back until it is whole; guard/session/server-side.ts has the same bound. */
#define HELD_BYTES (256 * 1024)

struct source {
	int fd;
	/* Nothing more can be read. */
	bool has_ended;
	/* What was read and went nowhere so far. */
	struct queue held;
	/* Bytes that the guard was given and has not taken; that it has not handled. */
	uint32_t untaken;
	uint32_t unhandled;
	/* In the middle of a line of which the guard has the beginning. */
	bool is_inside;
	bool told_end;
};

/* Whether more can be read from it. */
bool source_has_room(const struct source *source);

void source_read(struct source *source);

/*
 * Gives the first `length` bytes to the guard; false where that has not taken what it was given before.
 */
bool source_hand(struct source *source, enum told kind, size_t length);

/* Bytes of the first line with its newline; 0 where it is not whole. */
size_t source_line(const struct source *source);

/* Bytes of all whole lines. */
size_t source_lines(const struct source *source);

/* The guard has taken and handled so much; -EPROTO where it was not given so much. */
int source_done(struct source *source, uint32_t taken, uint32_t handled);

/* Whether nothing comes any more and nothing is held. */
bool source_is_over(const struct source *source);

#endif
