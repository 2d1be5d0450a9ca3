// SPDX-License-Identifier: Apache-2.0
#include "exec-permission.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "census.h"
#include "enforcement.h"
#include "maps.h"
#include "output.h"
#include "proc.h"

/* Fits into one write to a pipe, which is then never torn (pipe(7)). */
struct refusal {
	__u64 time_ns;
	__u64 start_ticks;
	__u32 pid;
	__u32 path_bytes;
	char path[512];
};

static struct {
	int group;
	int refused[2];
	int members;
	int policies;
} permission = { .group = -1, .refused = { -1, -1 } };

int exec_permission_open(void)
{
	permission.group = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY | O_CLOEXEC | O_LARGEFILE);
	return permission.group < 0 ? -errno : 0;
}

int exec_permission_fd(void)
{
	return permission.refused[0];
}

/* As judge() in enforcement.bpf.h, of one who has not executed yet. */
static bool may_execute_shell(int pid)
{
	int process = syscall(SYS_pidfd_open, pid, 0);
	struct member_state state;
	__u32 mode = SENSOR_OBSERVE;
	bool is_inside, found;

	if (process < 0)
		return true;
	found = !bpf_map_lookup_elem(permission.members, &process, &state);
	close(process);
	if (!found || bpf_map_lookup_elem(permission.policies, &state.member.server, &mode))
		return true;
	if (mode & SENSOR_NOTHING)
		return false;
	is_inside = state.member.role == SENSOR_INSIDE ||
		    (state.member.role == SENSOR_SERVER && (state.member.flags & SENSOR_FORKED));
	return !is_inside || !(mode & SENSOR_NO_SHELLS);
}

static void note_refusal(const struct fanotify_event_metadata *event)
{
	struct refusal refusal = { .time_ns = clock_ns(CLOCK_BOOTTIME), .pid = event->pid };
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", event->fd);
	n = readlink(link, refusal.path, sizeof(refusal.path));
	refusal.path_bytes = n < 0 ? 0 : n;
	refusal.start_ticks = start_of(event->pid);
	/* Where nobody reads, the refusal stands all the same. */
	if (write(permission.refused[1], &refusal, sizeof(refusal)) < 0)
		return;
}

static void answer(const struct fanotify_event_metadata *event)
{
	bool allowed = may_execute_shell(event->pid);
	struct fanotify_response response = {
		.fd = event->fd,
		.response = allowed ? FAN_ALLOW : FAN_DENY,
	};

	if (write(permission.group, &response, sizeof(response)) < 0)
		return;
	if (!allowed)
		note_refusal(event);
}

static void *answer_all(void *nothing)
{
	static char bytes[4096] __attribute__((aligned(__alignof__(struct fanotify_event_metadata))));
	const struct fanotify_event_metadata *event;
	ssize_t n;

	for (;;) {
		n = read(permission.group, bytes, sizeof(bytes));
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return nothing;
		for (event = (const void *)bytes; FAN_EVENT_OK(event, n); event = FAN_EVENT_NEXT(event, n)) {
			if (event->fd < 0)
				continue;
			answer(event);
			close(event->fd);
		}
	}
}

int exec_permission_start(const struct programs *programs)
{
	sigset_t all, before;
	pthread_t thread;
	int err;

	if (permission.group < 0)
		return 0;
	permission.members = bpf_map__fd(programs->skel->maps.members);
	permission.policies = bpf_map__fd(programs->skel->maps.policies);
	if (pipe2(permission.refused, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	err = pthread_create(&thread, NULL, answer_all, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

int exec_permission_mark(const char *path, size_t bytes)
{
	char text[PATH_MAX];

	if (permission.group < 0 || !bytes || bytes >= sizeof(text))
		return 0;
	memcpy(text, path, bytes);
	text[bytes] = 0;
	return fanotify_mark(permission.group, FAN_MARK_ADD, FAN_OPEN_EXEC_PERM, AT_FDCWD, text) ? -errno : 0;
}

static int tell(const struct refusal *refusal)
{
	unsigned char record[sizeof(struct sensor_refused) + sizeof(refusal->path)];
	struct sensor_refused fixed = {
		.header = header_of(SENSOR_REFUSED, sizeof(fixed) + refusal->path_bytes),
		.time_ns = refusal->time_ns,
		.start_ticks = refusal->start_ticks,
		.pid = refusal->pid,
		.path_bytes = refusal->path_bytes,
	};

	memcpy(record, &fixed, sizeof(fixed));
	memcpy(record + sizeof(fixed), refusal->path, refusal->path_bytes);
	return census_tell(refusal->pid) ?: emit(record, fixed.header.length);
}

int exec_permission_read(void)
{
	struct refusal refusal;
	int err = 0;

	while (!err && permission.refused[0] >= 0 &&
	       read(permission.refused[0], &refusal, sizeof(refusal)) == sizeof(refusal))
		err = tell(&refusal);
	return err;
}
