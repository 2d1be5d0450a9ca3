// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "maps.h"
#include "membership.h"
#include "proc.h"

/* Each pass marks at least one generation more. */
#define MAX_PASSES 64

static int pass(struct programs *programs)
{
	char nothing[64];
	int fd = bpf_iter_create(bpf_link__fd(programs->marking));
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = read(fd, nothing, sizeof(nothing));
	while (n > 0 || (n < 0 && errno == EAGAIN));
	close(fd);
	return n < 0 ? -errno : 0;
}

int membership_track(struct programs *programs, const struct sensor_track *track)
{
	int map = bpf_map__fd(programs->skel->maps.tracked);

	programs->has_members = true;
	return bpf_map_update_elem(map, &track->pid, track, BPF_ANY) ? -errno : 0;
}

static void forget_tracked(struct programs *programs)
{
	int map = bpf_map__fd(programs->skel->maps.tracked);
	__u32 pid;

	while (!bpf_map_get_next_key(map, NULL, &pid))
		bpf_map_delete_elem(map, &pid);
}

int membership_mark(struct programs *programs)
{
	struct sensor_bpf__bss *bss = programs->skel->bss;
	int err = 0, passes;

	bss->tells_all = false;
	/* A child that began before its parent was marked is found by a later pass. */
	for (passes = 0; !err && passes < MAX_PASSES; passes++) {
		bss->changed = 0;
		err = pass(programs);
		if (!bss->changed)
			break;
	}
	forget_tracked(programs);
	return err;
}

int membership_contain(struct programs *programs, const struct sensor_container *container)
{
	int map = bpf_map__fd(programs->skel->maps.containers), err = 0;
	struct sensor_bpf__bss *bss = programs->skel->bss;
	struct container_key keys[] = {
		{ .cgroup = container->cgroup },
		{ .pid_namespace = container->pid_namespace },
	};
	size_t i;

	for (i = 0; i < 2; i++) {
		if (!keys[i].cgroup && !keys[i].pid_namespace)
			continue;
		if (!container->member.server)
			bss->containers_tracked -= !bpf_map_delete_elem(map, &keys[i]);
		else if (!bpf_map_update_elem(map, &keys[i], &container->member, BPF_NOEXIST))
			bss->containers_tracked++;
		else if (bpf_map_update_elem(map, &keys[i], &container->member, BPF_EXIST))
			err = -errno;
	}
	programs->has_members = true;
	return err ?: membership_mark(programs);
}

/* Through the descriptor the process cannot become another one between the look and the signal. */
static int end_member(struct programs *programs, const struct sensor_end *end, int process)
{
	int map = bpf_map__fd(programs->skel->maps.members);
	struct member_state state;

	if (start_of(end->pid) != end->start_ticks)
		return 0;
	if (bpf_map_lookup_elem(map, &process, &state))
		return errno == ENOENT ? -EPERM : -errno;
	if (!state.member.server)
		return -EPERM;
	if (syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0) && errno != ESRCH)
		return -errno;
	return 0;
}

int membership_end(struct programs *programs, const struct sensor_end *end)
{
	int process = syscall(SYS_pidfd_open, end->pid, 0), err;

	if (process < 0)
		return errno == ESRCH ? 0 : -errno;
	err = end_member(programs, end, process);
	close(process);
	return err;
}

int membership_look(struct programs *programs)
{
	if (!programs->has_members)
		return 0;
	programs->skel->bss->tells_all = false;
	return pass(programs);
}

int membership_tell(struct programs *programs)
{
	programs->skel->bss->tells_all = true;
	return pass(programs);
}
