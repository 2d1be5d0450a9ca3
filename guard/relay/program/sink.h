/* SPDX-License-Identifier: Apache-2.0 */
/* Where bytes go: the server's input, or the client. */
#ifndef SEALWATCH_SINK_H
#define SEALWATCH_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "queue.h"

/* Bytes of the guard's that are on their way: when `end` is written, so are they. */
struct share {
	uint64_t end;
	uint32_t bytes;
};

struct sink {
	int fd;
	/* Nobody reads any more, or is to: what comes is dropped. */
	bool is_over;
	/* No more comes: it is closed when all is written. */
	bool ends;
	struct queue waiting;
	/* The reader is slow: it is asked again when it can take something. */
	bool is_blocked;
	uint64_t taken;
	uint64_t written;
	/* Shares that are counted, and those that came meanwhile. */
	struct share current;
	struct share next;
};

/* Bytes that wait for a reader that is slow; then whoever writes to it is held back. The sockets hold more themselves. */
#define SINK_BYTES (64 * 1024)

static inline bool sink_wants(const struct sink *sink)
{
	return sink->is_blocked && !sink->is_over;
}

static inline bool sink_is_full(const struct sink *sink)
{
	return queue_used(&sink->waiting) >= SINK_BYTES;
}

/* Writes what can be written now, the rest when there is room. */
void sink_put(struct sink *sink, const void *bytes, size_t length);

/* Writes what can be written now; how many bytes that were. Nothing where others wait. */
size_t sink_try(struct sink *sink, const void *bytes, size_t length);

/* As sink_put, of bytes that are the guard's. */
void sink_put_share(struct sink *sink, const void *bytes, size_t length);

void sink_flush(struct sink *sink);

/* No more comes. */
void sink_end(struct sink *sink);

/* Closes what is over. */
void sink_close(struct sink *sink);

/* Bytes of the guard's that were written since this was asked last. */
uint32_t sink_written_share(struct sink *sink);

#endif
