// SPDX-License-Identifier: Apache-2.0
#include "sink.h"

#include <errno.h>
#include <unistd.h>

/* What nobody reads counts as written, so that nobody waits for it. */
static void give_up(struct sink *sink)
{
	sink->is_over = true;
	sink->written = sink->taken;
	queue_drop(&sink->waiting, queue_used(&sink->waiting));
}

/* Bytes that were written; none where the reader is slow, or gone. */
static size_t write_now(struct sink *sink, const unsigned char *bytes, size_t length)
{
	size_t all = 0;

	while (all < length) {
		ssize_t n = write(sink->fd, bytes + all, length - all);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			sink->is_blocked = true;
			break;
		}
		if (n <= 0) {
			give_up(sink);
			return length;
		}
		all += n;
		sink->written += n;
	}
	return all;
}

size_t sink_try(struct sink *sink, const void *bytes, size_t length)
{
	size_t done = length;

	if (sink->is_blocked)
		return 0;
	if (!sink->is_over)
		done = write_now(sink, bytes, length);
	sink->taken += done;
	if (sink->is_over)
		sink->written = sink->taken;
	return done;
}

void sink_put(struct sink *sink, const void *bytes, size_t length)
{
	size_t done = sink_try(sink, bytes, length);

	sink->taken += length - done;
	queue_put(&sink->waiting, (const unsigned char *)bytes + done, length - done);
}

void sink_put_share(struct sink *sink, const void *bytes, size_t length)
{
	struct share *share = sink->current.bytes ? &sink->next : &sink->current;

	sink_put(sink, bytes, length);
	share->end = sink->taken;
	share->bytes += length;
}

void sink_flush(struct sink *sink)
{
	size_t waiting = queue_used(&sink->waiting), done;

	if (sink->is_over)
		return;
	sink->is_blocked = false;
	done = waiting ? write_now(sink, queue_front(&sink->waiting), waiting) : 0;
	if (sink->is_over)
		return;
	queue_drop(&sink->waiting, done);
	if (sink->ends && !queue_used(&sink->waiting))
		give_up(sink);
}

void sink_end(struct sink *sink)
{
	sink->ends = true;
	sink_flush(sink);
}

void sink_close(struct sink *sink)
{
	if (sink->is_over && sink->fd >= 0)
		close(sink->fd);
	if (sink->is_over)
		sink->fd = -1;
}

uint32_t sink_written_share(struct sink *sink)
{
	uint32_t bytes = 0;

	while (sink->current.bytes && sink->written >= sink->current.end) {
		bytes += sink->current.bytes;
		sink->current = sink->next;
		sink->next = (struct share){};
	}
	return bytes;
}
