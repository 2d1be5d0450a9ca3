// SPDX-License-Identifier: Apache-2.0
#include "server.h"

#include <string.h>

#include "message-keys.h"

struct source server = { .fd = 5 };

static struct {
	bool is_watched;
	/* In the middle of a long answer that is passed while it comes. */
	bool is_long;
	struct message_keys keys;
	bool is_broken;
	bool told_broken;
	/* What the guard puts in once that answer is over. */
	struct queue after;
} pass;

void server_watch(bool is_watched)
{
	pass.is_watched = is_watched;
}

void server_insert(struct sink *to_client, const unsigned char *bytes, size_t length)
{
	if (pass.is_long)
		queue_put(&pass.after, bytes, length);
	else
		sink_put_share(to_client, bytes, length);
}

static bool holds(const unsigned char *line, size_t length, const char *text)
{
	return memmem(line, length, text, strlen(text));
}

/* A carriage return other than before the newline: some readers end a line there, and find a message behind it. */
static bool has_line_break(const unsigned char *line, size_t length)
{
	const unsigned char *found = memchr(line, '\r', length);

	return found && found + 1 < line + length && found[1] != '\n';
}

/*
 * Whether a line begins and ends as an object does, and cannot hold the key `method`, also not where its letters are
 * escaped (RFC 8259, section 7): the rule of guard/session/server-side.ts.
 */
static bool is_plain_answer(const unsigned char *line, size_t length)
{
	size_t end = length - 1;

	if (end && line[end - 1] == '\r')
		end--;
	return end > 1 && line[0] == '{' && line[end - 1] == '}' && !holds(line, length, "\"method\"") &&
	       !holds(line, length, "\\u00") && !has_line_break(line, length);
}

/* Passes what the client takes of a long answer, whose keys may show late that it is none; false where it takes nothing. */
static bool pass_long(struct sink *to_client)
{
	size_t line = source_line(&server), length;

	length = sink_try(to_client, queue_front(&server.held), line ? line : queue_used(&server.held));
	message_keys_push(&pass.keys, queue_front(&server.held), length);
	pass.is_broken |= pass.keys.has_method || has_line_break(queue_front(&server.held), length);
	if (pass.is_broken && !pass.told_broken) {
		tell(TOLD_BROKEN, NULL, 0);
		pass.told_broken = true;
	}
	queue_drop(&server.held, length);
	if (!length || length != line)
		return length;
	pass.is_long = false;
	sink_put_share(to_client, queue_front(&pass.after), queue_used(&pass.after));
	queue_drop(&pass.after, queue_used(&pass.after));
	return true;
}

/* Begins to pass a line that is too long to be held, where its beginning is that of an answer. */
static bool begin_long(void)
{
	struct message_keys keys = {};

	message_keys_push(&keys, queue_front(&server.held), queue_used(&server.held));
	if (!keys.has_answer || keys.has_method)
		return false;
	pass.is_long = true;
	pass.is_broken = false;
	pass.told_broken = false;
	pass.keys = (struct message_keys){};
	return true;
}

static bool may_pass(void)
{
	return !pass.is_watched && !server.unhandled && !server.is_inside;
}

/* Passes the first line where nobody has to look at it, or what there is of a long answer; false where neither is so. */
static bool pass_on(struct sink *to_client)
{
	size_t length = source_line(&server);

	if (pass.is_long)
		return pass_long(to_client);
	if (!may_pass())
		return false;
	if (!length)
		return queue_used(&server.held) > HELD_BYTES && begin_long();
	if (!is_plain_answer(queue_front(&server.held), length))
		return false;
	sink_put(to_client, queue_front(&server.held), length);
	queue_drop(&server.held, length);
	return true;
}

/* Gives the guard all that is whole, or a piece where a line is too long; false where there is nothing to give. */
static bool hand_on(void)
{
	size_t length = source_lines(&server), used = queue_used(&server.held);

	if (!length && (server.is_inside || used > HELD_BYTES || server.has_ended))
		length = used;
	return length && source_hand(&server, TOLD_SERVER, length);
}

void server_pump(struct sink *to_client)
{
	/* While the client is slow, the server is held back. */
	while (queue_used(&server.held) && !sink_is_full(to_client))
		if (!pass_on(to_client) && (pass.is_long || !hand_on()))
			break;
	if (source_is_over(&server) && !server.told_end) {
		tell(TOLD_SERVER_ENDED, NULL, 0);
		server.told_end = true;
	}
}
