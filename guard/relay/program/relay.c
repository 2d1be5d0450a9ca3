// SPDX-License-Identifier: Apache-2.0
/*
 * sealwatch-relay: passes the messages of a client and a server that the guard has decided about before they came, and
 * gives it all others. Descriptors 0 and 1 are the client's, 3 is the socket to the guard (control.h), 4 the server's
 * input and 5 its output. It decides nothing by itself: without the guard it ends, and with it the session.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "control.h"
#include "names.h"
#include "ready.h"
#include "server.h"
#include "sink.h"
#include "slices.h"

enum exit_code {
	EXIT_FINISHED = 0,
	EXIT_USAGE = 2,
	EXIT_FAILED = 3,
	EXIT_ALONE = 4,
};

#define SERVER_INPUT_FD 4
#define SERVER_OUTPUT_FD 5
/* Bytes of the guard's that were written are told when they are so many: it waits for no fewer. */
#define WRITTEN_BYTES (WINDOW_BYTES / 8)

static struct sink to_server = { .fd = SERVER_INPUT_FD };
static struct sink to_client = { .fd = STDOUT_FILENO };

static struct {
	bool is_started;
	bool is_finishing;
	uint32_t to_server;
	uint32_t to_client;
} state;

static int start(const unsigned char *bytes, size_t length)
{
	if (length > HELD_BYTES)
		return -EPROTO;
	queue_put(&server.held, bytes, length);
	state.is_started = true;
	return 0;
}

static int take(const unsigned char *bytes)
{
	if (source_done(&client, number_at(bytes), number_at(bytes + 4)) ||
	    source_done(&server, number_at(bytes + 8), number_at(bytes + 12)))
		return -EPROTO;
	return client_passed_taken(number_at(bytes + 16));
}

static int open_calls(const unsigned char *bytes, size_t length)
{
	int err = names_replace(bytes + 4, length - 4);

	if (!err)
		client_open(number_at(bytes));
	return err;
}

/* Whether so many bytes may follow a kind. */
static bool fits(enum order kind, size_t length)
{
	switch (kind) {
	case ORDER_START:
	case ORDER_TO_SERVER:
	case ORDER_TO_CLIENT:
		return true;
	case ORDER_TAKEN:
		return length == 20;
	case ORDER_OPEN:
		return length >= 4;
	case ORDER_RENEW:
		return length == 4;
	default:
		return !length;
	}
}

static int carry_out(enum order kind, const unsigned char *bytes, size_t length)
{
	if (!fits(kind, length) || state.is_started == (kind == ORDER_START))
		return -EPROTO;
	switch (kind) {
	case ORDER_START:
		return start(bytes, length);
	case ORDER_TO_SERVER:
		sink_put_share(&to_server, bytes, length);
		return 0;
	case ORDER_TO_CLIENT:
		server_insert(&to_client, bytes, length);
		return 0;
	case ORDER_END_SERVER:
		sink_end(&to_server);
		return 0;
	case ORDER_TAKEN:
		return take(bytes);
	case ORDER_OPEN:
		return open_calls(bytes, length);
	case ORDER_RENEW:
		client_renew(number_at(bytes));
		return 0;
	case ORDER_CLOSE:
		client_close();
		return 0;
	case ORDER_WATCH:
	case ORDER_UNWATCH:
		server_watch(kind == ORDER_WATCH);
		return 0;
	case ORDER_FINISH:
		state.is_finishing = true;
		return 0;
	}
	return -EPROTO;
}

static void tell_written(void)
{
	state.to_server += sink_written_share(&to_server);
	state.to_client += sink_written_share(&to_client);
	if (state.to_server < WRITTEN_BYTES && state.to_client < WRITTEN_BYTES)
		return;
	tell_numbers(TOLD_WRITTEN, state.to_server, state.to_client);
	state.to_server = state.to_client = 0;
}

static bool is_finished(void)
{
	return state.is_finishing && !control_waiting() && !queue_used(&to_client.waiting);
}

static void pump(void)
{
	if (state.is_finishing) {
		client_tell_passed();
		return;
	}
	client_pump(&to_server);
	server_pump(&to_client);
	tell_written();
}

static bool choose(void)
{
	bool reads = state.is_started && !state.is_finishing;

	return ready_want(READY_CONTROL, CONTROL_FD, control_waiting() ? EPOLLIN | EPOLLOUT : EPOLLIN) &&
	       ready_want(READY_CLIENT, client.fd, reads && source_has_room(&client) ? EPOLLIN : 0) &&
	       ready_want(READY_SERVER, server.fd, reads && source_has_room(&server) ? EPOLLIN : 0) &&
	       ready_want(READY_TO_SERVER, to_server.fd, sink_wants(&to_server) ? EPOLLOUT : 0) &&
	       ready_want(READY_TO_CLIENT, to_client.fd, sink_wants(&to_client) ? EPOLLOUT : 0) &&
	       ready_want(READY_TIMER, client_timer(), EPOLLIN);
}

static bool has(int ready, enum ready who)
{
	return ready & 1 << who;
}

/* One wait, and all that came of it; 0, or an exit code. */
static int turn(void)
{
	int ready, err = 0;

	if (!choose())
		return EXIT_FAILED;
	sink_close(&to_server);
	sink_close(&to_client);
	ready = ready_wait();
	if (ready < 0)
		return EXIT_FAILED;
	/* What the guard ordered before a call came holds for that call. */
	if (has(ready, READY_CONTROL))
		err = control_read(carry_out);
	if (err)
		return err > 0 ? EXIT_ALONE : EXIT_FAILED;
	if (has(ready, READY_CLIENT))
		source_read(&client);
	if (has(ready, READY_SERVER))
		source_read(&server);
	if (has(ready, READY_TO_SERVER))
		sink_flush(&to_server);
	if (has(ready, READY_TO_CLIENT))
		sink_flush(&to_client);
	if (has(ready, READY_TIMER))
		client_tick();
	if (state.is_started)
		pump();
	return control_flush() ? EXIT_ALONE : 0;
}

static bool set_up(void)
{
	static const int ends[] = { STDIN_FILENO, STDOUT_FILENO, SERVER_INPUT_FD, SERVER_OUTPUT_FD };
	static const int ignored[] = { SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
	struct stat control;
	size_t i;

	if (fstat(CONTROL_FD, &control) || !S_ISSOCK(control.st_mode))
		return false;
	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		int flags = fcntl(ends[i], F_GETFL);

		if (flags < 0 || fcntl(ends[i], F_SETFL, flags | O_NONBLOCK))
			return false;
	}
	/* A terminal signals the whole group; the guard says what follows from that. */
	for (i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		signal(ignored[i], SIG_IGN);
	/* The guard's work for calls that have passed must not hold up those that come. */
	shorten_slices(control_peer());
	shorten_slices(0);
	return ready_set_up() && client_set_up() && !prctl(PR_SET_PDEATHSIG, SIGKILL);
}

int main(void)
{
	int code = 0;

	if (!set_up()) {
		fprintf(stderr, "usage: sealwatch-relay, started by sealwatch guard with descriptors 0 to 5\n");
		return EXIT_USAGE;
	}
	while (!code && !is_finished())
		code = turn();
	return code;
}
