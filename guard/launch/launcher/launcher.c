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
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "calls.h"
#include "life.h"
#include "records.h"
#include "subtree.h"
#include "trace.h"
#include "walk.h"

enum exit_code {
	EXIT_ENDED = 0,
	EXIT_USAGE = 2,
	EXIT_FAILED = 3,
};

static struct {
	bool strict;
	const char *path;
	char **argv;
	/* As the launcher was given it: the server gets the same. */
	sigset_t mask;
	int signals;
	struct seal *seal;
	bool is_running;
	bool settled;
	/* The last process that could not be looked into: told once. */
	pid_t opaque;
} launcher;

static void handle_refused(pid_t pid, const char *path, enum refusal refusal)
{
	/* Who is being killed runs into what follows from that. */
	if (life_is_killing() || (refusal == REFUSED_OPAQUE && pid == launcher.opaque))
		return;
	event_refused(pid, path, refusal);
	if (refusal == REFUSED_OPAQUE) {
		launcher.opaque = pid;
		return;
	}
	life_kill();
	subtree_signal(SIGKILL);
}

static void handle_ran(pid_t pid, const char *image)
{
	event_exec(pid, image);
	if (pid == life_server()->pid)
		life_tell_started();
}

static void handle_stopped(pid_t tid, int status)
{
	static const struct trace_hooks hooks = { .ran = handle_ran, .refused = handle_refused };

	trace_stopped(tid, status, launcher.seal, &hooks);
}

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
		life_fail("cannot enter the working directory", err ? -err : errno);
	else
		place_keep_cwd(place.path, &place.stat);
	close(place.handle);
	return !life_is_killing();
}

static void start(const char *cwd)
{
	launcher.is_running = true;
	if (!launcher.strict || enter(launcher.seal, cwd))
		life_start(launcher.strict, launcher.argv, launcher.path, &launcher.mask);
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
		life_fail("cannot follow the names of the list", -err);
	else if (!launcher.is_running)
		start(cwd);
}

static void handle_settled(void)
{
	launcher.settled = true;
}

static const struct orders orders = {
	.commit = handle_commit,
	.settled = handle_settled,
	.signal = life_signal,
	.grace = life_set_grace,
	.end = life_end,
	.kill = life_kill,
};

static void read_records(bool waits)
{
	int err = records_read(&orders, waits);

	if (err > 0)
		life_kill();
	else if (err < 0)
		life_fail("a record of the guard cannot be read", -err);
}

/* What a terminal sends goes to its whole foreground group: the server has it already. */
static void read_signals(void)
{
	struct signalfd_siginfo info;

	while (read(launcher.signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD && info.ssi_code != SI_KERNEL)
			life_signal(info.ssi_signo);
}

static void answer(short events)
{
	const struct calls calls = {
		.listener = life_server()->listener,
		.seal = launcher.seal,
		.settled = launcher.settled,
		.refused = handle_refused,
	};
	int err = events & POLLIN ? calls_answer(&calls) : -EPIPE;

	if (!err)
		return;
	/* Nobody is left who could ask. */
	life_close_listener();
	if (err != -EPIPE)
		life_fail("cannot read the calls of the server", -err);
}

/* Runs until nothing is left of what came out of this process. */
static void watch(void)
{
	static const struct life_hooks hooks = { .stopped = handle_stopped, .ended = trace_ended };

	bool is_due = true;

	while (!is_due || life_reap(&hooks)) {
		struct pollfd fds[] = {
			{ .fd = CONTROL_FD, .events = POLLIN },
			{ .fd = launcher.signals, .events = POLLIN },
			{ .fd = life_server()->started, .events = POLLIN },
			{ .fd = life_server()->listener, .events = POLLIN },
		};

		/* It may have ended, and be readable for ever. */
		if (life_is_killing())
			fds[0].fd = -1;
		if (poll(fds, 4, life_patience()) < 0 && errno != EINTR)
			life_fail("cannot wait", errno);
		is_due = fds[1].revents || life_is_killing();
		if (fds[1].revents)
			read_signals();
		if (fds[3].revents)
			answer(fds[3].revents);
		if (fds[2].revents)
			life_read_started();
		if (fds[0].revents)
			read_records(false);
		life_tick();
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
	if (fstat(CONTROL_FD, &control) || !S_ISSOCK(control.st_mode) || fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC))
		return false;
	/* Who ignores it is told of no child. */
	signal(SIGCHLD, SIG_DFL);
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
	while (!launcher.is_running && !life_is_killing())
		read_records(true);
	watch();
	part();
	return life_has_failed() ? EXIT_FAILED : EXIT_ENDED;
}
