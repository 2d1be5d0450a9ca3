// SPDX-License-Identifier: Apache-2.0
/*
 * sealwatch-launcher plain|strict PATH ARGV0 [ARGS…]: runs a server as its child, between the guard and it in
 * descent only: standard input, output and error are the guard's own. On descriptor 3 it takes the records of
 * records.h and tells the events of events.h. Whatever came out of it dies when the guard does, when the guard says
 * so, and soon after the server itself ended. In strict mode nothing that was not approved runs or is read as a file
 * of the server's (calls.c, trace.c). Needs no privileges.
 *
 * Who kills the launcher itself (SIGKILL) kills the server with it, and in strict mode leaves nothing that could
 * open or execute anything; a process that the server started may live on, as the kernel tells only of a parent.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"
#include "events.h"
#include "records.h"
#include "server.h"
#include "subtree.h"
#include "trace.h"
#include "walk.h"

enum exit_code {
	EXIT_ENDED = 0,
	EXIT_USAGE = 2,
	EXIT_FAILED = 3,
};

/* Who is being killed may fork meanwhile: so often it is looked again. */
#define KILL_POLL_MS 5
#define NEVER (-1)

static struct {
	bool strict;
	const char *path;
	char **argv;
	sigset_t mask;
	int signals;
	struct server server;
	struct seal *seal;
	bool is_running;
	bool told_started;
	bool told_exited;
	bool settled;
	bool is_killing;
	unsigned int grace_ms;
	/* Milliseconds of the monotonic clock, or NEVER. */
	__s64 terminate_at;
	__s64 kill_at;
	unsigned int end_ms;
	enum exit_code code;
} launcher = { .terminate_at = NEVER, .kill_at = NEVER };

static __s64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void kill_all(void)
{
	launcher.is_killing = true;
}

static void fail(const char *reason, int error)
{
	event_error(reason, error);
	launcher.code = EXIT_FAILED;
	kill_all();
}

static void handle_refused(pid_t pid, const char *path, enum refusal refusal)
{
	/* Who is being killed runs into what follows from that. */
	if (launcher.is_killing)
		return;
	event_refused(pid, path, refusal);
	if (refusal == REFUSED_OPAQUE)
		return;
	kill_all();
	subtree_signal(SIGKILL);
}

static void tell_started(void)
{
	if (!launcher.told_started)
		event_started(launcher.server.pid);
	launcher.told_started = true;
}

static void handle_ran(pid_t pid, const char *image)
{
	event_exec(pid, image);
	if (pid == launcher.server.pid)
		tell_started();
}

static const struct trace_hooks hooks = { .ran = handle_ran, .refused = handle_refused };

/* Goes where the server is to start, by the links that were approved; false where that was refused or failed. */
static bool enter(const struct seal *seal, const char *cwd)
{
	struct place place = { .handle = -1 };
	int err = *cwd ? walk(seal, cwd, true, &place) : 0;

	if (!*cwd)
		return true;
	if (err > 0)
		handle_refused(getpid(), cwd, REFUSED_LINK);
	else if (err || fchdir(place.handle))
		fail("cannot enter the working directory", err ? -err : errno);
	else
		place_keep_cwd(place.path, &place.stat);
	close(place.handle);
	return !launcher.is_killing;
}

static void start(const char *cwd)
{
	int err;

	launcher.is_running = true;
	if (launcher.strict && !enter(launcher.seal, cwd))
		return;
	err = server_start(&launcher.server, launcher.strict, launcher.argv, launcher.path, &launcher.mask);
	if (err)
		fail(launcher.strict ? "cannot put the server under a filter" : "cannot start the server", -err);
}

static void handle_commit(struct seal *seal, const char *cwd)
{
	char refused[PATH_MAX];
	int err = launcher.strict ? walk_pin(seal, refused) : 0;

	seal_free(launcher.seal);
	launcher.seal = seal;
	if (err > 0)
		handle_refused(getpid(), refused, REFUSED_LINK);
	else if (err)
		fail("cannot follow the names of the list", -err);
	else if (!launcher.is_running)
		start(cwd);
}

static void handle_settled(void)
{
	launcher.settled = true;
}

/* Until it has been waited for, its number is its own. */
static void signal_server(int number)
{
	if (launcher.server.pid > 0 && !launcher.told_exited)
		kill(launcher.server.pid, number);
}

static void handle_grace(unsigned int ms)
{
	launcher.grace_ms = ms;
}

static void handle_end(unsigned int ms)
{
	launcher.end_ms = ms;
	launcher.terminate_at = now_ms() + ms;
}

static const struct orders orders = {
	.commit = handle_commit,
	.settled = handle_settled,
	.signal = signal_server,
	.grace = handle_grace,
	.end = handle_end,
	.kill = kill_all,
};

static void read_records(bool waits)
{
	int err = records_read(&orders, waits);

	if (err > 0)
		kill_all();
	else if (err < 0)
		fail("a record of the guard cannot be read", -err);
}

static void read_started(void)
{
	int error = 0;
	ssize_t n = read(launcher.server.started, &error, sizeof(error));

	close(launcher.server.started);
	launcher.server.started = -1;
	if (n == sizeof(error) && !launcher.is_killing)
		fail("cannot run the program", error);
	else if (n == 0 && !launcher.strict)
		tell_started();
}

static void handle_exit(int status)
{
	launcher.told_exited = true;
	/* It may have run and ended since the last look. */
	if (launcher.server.started >= 0)
		read_started();
	/* Of a server that never ran, why was told. */
	if (launcher.told_started)
		event_exited(status);
	launcher.kill_at = now_ms() + launcher.grace_ms;
}

/* Takes what became of processes; false once there are none. */
static bool reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			trace_stopped(pid, status, launcher.seal, &hooks);
			continue;
		}
		trace_ended(pid);
		if (pid == launcher.server.pid)
			handle_exit(status);
	}
	return !(pid < 0 && errno == ECHILD);
}

/* What a terminal sends goes to its whole foreground group: the server has it already. */
static void read_signals(void)
{
	struct signalfd_siginfo info;

	while (read(launcher.signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD && info.ssi_code != SI_KERNEL)
			signal_server(info.ssi_signo);
}

static int patience(void)
{
	__s64 next = launcher.kill_at, left;

	if (launcher.is_killing)
		return KILL_POLL_MS;
	if (next == NEVER || (launcher.terminate_at != NEVER && launcher.terminate_at < next))
		next = launcher.terminate_at;
	if (next == NEVER)
		return -1;
	left = next - now_ms();
	return left < 0 ? 0 : left;
}

static void look_at_clock(void)
{
	if (launcher.terminate_at != NEVER && now_ms() >= launcher.terminate_at) {
		subtree_signal(SIGTERM);
		launcher.terminate_at = NEVER;
		if (launcher.kill_at == NEVER)
			launcher.kill_at = now_ms() + launcher.end_ms;
	}
	if (launcher.kill_at != NEVER && now_ms() >= launcher.kill_at)
		kill_all();
}

static void answer(short events)
{
	const struct calls calls = {
		.listener = launcher.server.listener,
		.seal = launcher.seal,
		.settled = launcher.settled,
		.refused = handle_refused,
	};
	int err = events & POLLIN ? calls_answer(&calls) : -EPIPE;

	if (!err)
		return;
	/* Nobody is left who could ask. */
	close(launcher.server.listener);
	launcher.server.listener = -1;
	if (err != -EPIPE)
		fail("cannot read the calls of the server", -err);
}

/* Runs until nothing is left of what came out of this process. */
static void watch(void)
{
	while (reap()) {
		struct pollfd fds[] = {
			{ .fd = CONTROL_FD, .events = POLLIN },
			{ .fd = launcher.signals, .events = POLLIN },
			{ .fd = launcher.server.started, .events = POLLIN },
			{ .fd = launcher.server.listener, .events = POLLIN },
		};

		if (launcher.is_killing) {
			subtree_signal(SIGKILL);
			/* It may have ended, and be readable for ever. */
			fds[0].fd = -1;
		}
		if (poll(fds, 4, patience()) < 0 && errno != EINTR)
			fail("cannot wait", errno);
		if (fds[1].revents)
			read_signals();
		if (fds[3].revents)
			answer(fds[3].revents);
		if (fds[2].revents)
			read_started();
		if (fds[0].revents)
			read_records(false);
		look_at_clock();
	}
}

/* Whoever closes with something unread takes from the other what it has not read either. */
static void part(void)
{
	char bytes[4096];

	event_ended();
	shutdown(CONTROL_FD, SHUT_WR);
	while (recv(CONTROL_FD, bytes, sizeof(bytes), 0) > 0)
		;
}

static bool set_up(int argc, char **argv)
{
	static const int numbers[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
	struct stat control;
	sigset_t set;
	size_t i;

	if (argc < 4 || (strcmp(argv[1], "plain") && strcmp(argv[1], "strict")))
		return false;
	launcher.strict = !strcmp(argv[1], "strict");
	launcher.path = argv[2];
	launcher.argv = argv + 3;
	launcher.server.pid = launcher.server.started = launcher.server.listener = -1;
	if (fstat(CONTROL_FD, &control) || !S_ISSOCK(control.st_mode) || fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC))
		return false;
	sigemptyset(&set);
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, &launcher.mask);
	launcher.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return launcher.signals >= 0 && !prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

int main(int argc, char **argv)
{
	if (!set_up(argc, argv)) {
		fprintf(stderr, "usage: sealwatch-launcher plain|strict PATH ARGV0 [ARGS…], with a socket as "
				"descriptor 3\n");
		return EXIT_USAGE;
	}
	while (!launcher.is_running && !launcher.is_killing)
		read_records(true);
	watch();
	part();
	return launcher.code;
}
