// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "free-call.h"
#include "names.h"
#include "server.h"

/* Longer lines are the guard's. */
#define FREE_BYTES (64 * 1024)
/* Passed lines are told at once when they are so many bytes. */
#define PASSED_BYTES (256 * 1024)

struct source client = { .fd = 0 };

static struct {
	bool is_open;
	/* Calls pass until then, in milliseconds. */
	uint64_t until;
	struct queue passed;
	/* Runs while calls flow: a wait with an end of its own would cost each of them microseconds. */
	int timer;
	bool is_ticking;
	bool has_flowed;
	int ticks;
	/* Bytes of passed lines that the guard was told of and has not taken. */
	uint32_t untaken;
} pass;

bool client_set_up(void)
{
	pass.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	return pass.timer >= 0;
}

int client_timer(void)
{
	return pass.timer;
}

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
static bool may_pass(void)
{
	return pass.is_open && !client.unhandled && !server.unhandled && !client.is_inside &&
	       pass.untaken + queue_used(&pass.passed) < WINDOW_BYTES && now_ms() < pass.until;
}

static void set_ticking(bool ticks)
{
	const struct timespec every = { .tv_nsec = ticks ? TICK_MS * 1000000 : 0 };
	const struct itimerspec times = { every, every };

	if (pass.is_ticking != ticks && !timerfd_settime(pass.timer, 0, &times, NULL))
		pass.is_ticking = ticks;
}

static void note_passed(const unsigned char *line, size_t length)
{
	set_ticking(true);
	pass.has_flowed = true;
	queue_put(&pass.passed, line, length);
	if (queue_used(&pass.passed) >= PASSED_BYTES)
		client_tell_passed();
}

void client_tell_passed(void)
{
	size_t length = queue_used(&pass.passed);

	pass.ticks = 0;
	if (!length)
		return;
	tell(TOLD_PASSED, queue_front(&pass.passed), length);
	pass.untaken += length;
	queue_drop(&pass.passed, length);
}

void client_tick(void)
{
	uint64_t count;

	if (read(pass.timer, &count, sizeof(count)) != sizeof(count))
		return;
	if (pass.has_flowed && ++pass.ticks < PASSED_TICKS)
		tell(TOLD_PASSED, NULL, 0);
	else
		client_tell_passed();
	set_ticking(pass.has_flowed);
	pass.has_flowed = false;
}

int client_passed_taken(uint32_t bytes)
{
	if (bytes > pass.untaken)
		return -EPROTO;
	pass.untaken -= bytes;
	return 0;
}

/* Gives the guard all that is whole, or a piece where a line is too long; false where there is nothing to give. */
static bool hand_on(void)
{
	size_t length = source_lines(&client), used = queue_used(&client.held);

	if (!length && (client.is_inside || used > FREE_BYTES || client.has_ended))
		length = used;
	/* Told in the order in which they came. */
	if (length)
		client_tell_passed();
	return length && source_hand(&client, TOLD_CLIENT, length);
}

/* Passes the first line where it may; 0 where it may not, -1 where the server is too slow for it now. */
static int pass_on(struct sink *to_server)
{
	size_t length = source_line(&client);

	if (!length || length > FREE_BYTES || !may_pass())
		return 0;
	if (sink_is_full(to_server))
		return -1;
	if (!is_free_call(queue_front(&client.held), length))
		return 0;
	sink_put(to_server, queue_front(&client.held), length);
	note_passed(queue_front(&client.held), length);
	queue_drop(&client.held, length);
	return 1;
}

void client_pump(struct sink *to_server)
{
	int passed;

	while (queue_used(&client.held)) {
		passed = pass_on(to_server);
		if (passed < 0 || (!passed && !hand_on()))
			break;
	}
	if (source_is_over(&client) && !client.told_end) {
		client_tell_passed();
		tell(TOLD_CLIENT_ENDED, NULL, 0);
		client.told_end = true;
	}
}
