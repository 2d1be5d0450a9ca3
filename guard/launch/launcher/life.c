// SPDX-License-Identifier: Apache-2.0
#include "life.h"

#include <errno.h>
#include <linux/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "subtree.h"

/* Who is being killed may fork meanwhile: so often it is looked again. */
#define KILL_POLL_MS 5
#define NEVER (-1)

static struct {
	struct server server;
	bool filtered;
	bool told_started;
	bool has_exited;
	bool is_killing;
	bool has_failed;
	unsigned int grace_ms;
	unsigned int end_ms;
	/* Milliseconds of the monotonic clock, or NEVER. */
	__s64 terminate_at;
	__s64 kill_at;
} life = {
	.server = { .pid = -1, .started = -1, .listener = -1 },
	.terminate_at = NEVER,
	.kill_at = NEVER,
};

static __s64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void life_kill(void)
{
	life.is_killing = true;
}

bool life_is_killing(void)
{
	return life.is_killing;
}

void life_fail(const char *reason, int error)
{
	event_error(reason, error);
	life.has_failed = true;
	life_kill();
}

bool life_has_failed(void)
{
	return life.has_failed;
}

void life_start(bool filtered, char *const argv[], const char *path, const sigset_t *mask)
{
	int err = server_start(&life.server, filtered, argv, path, mask);

	life.filtered = filtered;
	if (err)
		life_fail(filtered ? "cannot put the server under a filter" : "cannot start the server", -err);
}

const struct server *life_server(void)
{
	return &life.server;
}

void life_close_listener(void)
{
	close(life.server.listener);
	life.server.listener = -1;
}

void life_tell_started(void)
{
	if (!life.told_started)
		event_started(life.server.pid);
	life.told_started = true;
}

static void fail_to_run(int error)
{
	event_not_run(error);
	life.has_failed = true;
	life_kill();
}

void life_read_started(void)
{
	int error = 0;
	ssize_t n = read(life.server.started, &error, sizeof(error));

	close(life.server.started);
	life.server.started = -1;
	if (n == sizeof(error) && !life.is_killing)
		fail_to_run(error);
	/* Under a filter it does not run before its image was judged. */
	else if (n == 0 && !life.filtered)
		life_tell_started();
}

static void handle_exit(int status)
{
	life.has_exited = true;
	/* It may have run and ended since the last look. */
	if (life.server.started >= 0)
		life_read_started();
	/* Of a server that never ran, why was told. */
	if (life.told_started)
		event_exited(status);
	life.kill_at = now_ms() + life.grace_ms;
}

bool life_reap(const struct life_hooks *hooks)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			hooks->stopped(pid, status);
			continue;
		}
		hooks->ended(pid);
		if (pid == life.server.pid)
			handle_exit(status);
	}
	return !(pid < 0 && errno == ECHILD);
}

/* Until it has been waited for, its number is its own. */
void life_signal(int number)
{
	if (life.server.pid > 0 && !life.has_exited)
		kill(life.server.pid, number);
}

void life_set_grace(unsigned int ms)
{
	life.grace_ms = ms;
}

void life_end(unsigned int ms)
{
	life.end_ms = ms;
	life.terminate_at = now_ms() + ms;
}

int life_patience(void)
{
	__s64 next = life.kill_at, left;

	if (life.is_killing)
		return KILL_POLL_MS;
	if (next == NEVER || (life.terminate_at != NEVER && life.terminate_at < next))
		next = life.terminate_at;
	if (next == NEVER)
		return -1;
	left = next - now_ms();
	return left < 0 ? 0 : left;
}

void life_tick(void)
{
	if (life.is_killing)
		subtree_signal(SIGKILL);
	if (life.terminate_at != NEVER && now_ms() >= life.terminate_at) {
		subtree_signal(SIGTERM);
		life.terminate_at = NEVER;
		if (life.kill_at == NEVER)
			life.kill_at = now_ms() + life.end_ms;
	}
	if (life.kill_at != NEVER && now_ms() >= life.kill_at)
		life_kill();
}
