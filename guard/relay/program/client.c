// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include <errno.h>
#include <time.h>

#include "free-call.h"
#include "names.h"
#include "server.h"

/* Longer lines are the guard's. */
#define FREE_BYTES (64 * 1024)
/* Passed lines are told at once when they are so many bytes. */
#define PASSED_BYTES (64 * 1024)

struct source client = { .fd = 0 };

static struct {
	bool is_open;
	/* Calls pass until then, in milliseconds. */
	uint64_t until;
	struct queue passed;
	uint64_t tell_at;
	/* Bytes of passed lines that the guard was told of and has not taken. */
	uint32_t untaken;
} pass;

/* A clock that goes on while the machine sleeps: what was true before may not be after. */
static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

void client_open(uint32_t lease_ms)
{
	pass.is_open = true;
	pass.until = now_ms() + lease_ms;
}

void client_renew(uint32_t lease_ms)
{
	pass.until = now_ms() + lease_ms;
}

void client_close(void)
{
	pass.is_open = false;
	names_clear();
}

/* What the guard still has of either side may change what it would decide, and must not be overtaken. */
static bool may_pass(uint64_t now)
{
	return pass.is_open && now < pass.until && !client.unhandled && !server.unhandled && !client.is_inside &&
	       pass.untaken + queue_used(&pass.passed) < WINDOW_BYTES;
}

static void note_passed(const unsigned char *line, size_t length, uint64_t now)
{
	if (!queue_used(&pass.passed))
		pass.tell_at = now + PASSED_MS;
	queue_put(&pass.passed, line, length);
	if (queue_used(&pass.passed) >= PASSED_BYTES)
		client_tell_passed();
}

void client_tell_passed(void)
{
	size_t length = queue_used(&pass.passed);

	if (!length)
		return;
	tell(TOLD_PASSED, queue_front(&pass.passed), length);
	pass.untaken += length;
	queue_drop(&pass.passed, length);
}

int client_passed_taken(uint32_t bytes)
{
	if (bytes > pass.untaken)
		return -EPROTO;
	pass.untaken -= bytes;
	return 0;
}

int client_patience(void)
{
	uint64_t now;

	if (!queue_used(&pass.passed))
		return -1;
	now = now_ms();
	return now < pass.tell_at ? pass.tell_at - now : 0;
}

/* Gives the guard all that is whole, or a piece where a line is too long; false where there is nothing to give. */
static bool hand_on(void)
{
	size_t length = source_lines(&client), used = queue_used(&client.held);

	if (!length && (client.is_inside || used > FREE_BYTES || client.fd < 0))
		length = used;
	/* Told in the order in which they came. */
	if (length)
		client_tell_passed();
	return length && source_hand(&client, TOLD_CLIENT, length);
}

/* Passes the first line where it may; 0 where it may not, -1 where the server is too slow for it now. */
static int pass_on(struct sink *to_server, uint64_t now)
{
	size_t length = source_line(&client);

	if (!length || length > FREE_BYTES || !may_pass(now))
		return 0;
	if (sink_is_full(to_server))
		return -1;
	if (!is_free_call(queue_front(&client.held), length))
		return 0;
	sink_put(to_server, queue_front(&client.held), length);
	note_passed(queue_front(&client.held), length, now);
	queue_drop(&client.held, length);
	return 1;
}

void client_pump(struct sink *to_server)
{
	uint64_t now = queue_used(&client.held) ? now_ms() : 0;
	int passed;

	while (queue_used(&client.held)) {
		passed = pass_on(to_server, now);
		if (passed < 0 || (!passed && !hand_on()))
			break;
	}
	if (source_is_over(&client) && !client.told_end) {
		client_tell_passed();
		tell(TOLD_CLIENT_ENDED, NULL, 0);
		client.told_end = true;
	}
}
