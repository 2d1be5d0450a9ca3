// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * Who belongs to a server. A mark is inherited at fork and goes only with its thread: a double fork, setsid,
 * another parent, another argv[0] or a reused pid change nothing about it.
 */
#include "credentials.bpf.h"

#define MAX_TRACKED 16384
#define NS_PER_TICK 10000000 /* USER_HZ is 100 wherever the sensor is built */

/* Processes that the parent named, by pid; the loader empties it after each pass. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_TRACKED);
	__type(key, __u32);
	__type(value, struct sensor_track);
} tracked SEC(".maps");

/* Marks that the last pass made or changed; passes go on until there are none. */
__u64 changed = 0;
/* Whether a pass tells of every member, or of those only that it marks. */
bool tells_all = false;

static __always_inline struct sensor_member inherited(struct sensor_member member, bool is_thread)
{
	if (!is_thread)
		member.flags |= SENSOR_FORKED;
	return member;
}

/* Alone in this program, so that it can outlive the sensor: see --pin. */
/* Earlier than sched_process_fork, and of the workers of io_uring as well: copy_process() in kernel/fork.c. */
SEC("tp_btf/task_newtask")
int BPF_PROG(inherit_membership, struct task_struct *child, __u64 clone_flags)
{
	struct member_state *from = member_of(bpf_get_current_task_btf());
	struct member_state state = {};

	if (!from)
		return 0;
	state = *from;
	state.member = inherited(from->member, child->pid != child->tgid);
	/* Without memory for the mark the child is lost, and what it does. */
	if (!mark(child, &state))
		count_lost(true);
	return 0;
}

static __always_inline void tell(struct task_struct *task, const struct sensor_member *member)
{
	struct sensor_member_told *told;

	if (task->pid != task->tgid)
		return;
	told = bpf_ringbuf_reserve(&ring, sizeof(*told), 0);
	if (!told) {
		count_lost(true);
		return;
	}
	fill_header(&told->header, SENSOR_MEMBER, sizeof(*told));
	told->time_ns = bpf_ktime_get_boot_ns();
	told->start_ns = leader_start(task);
	told->member = *member;
	told->pid = tgid_of(task);
	told->reserved = 0;
	bpf_ringbuf_submit(told, 0);
}

static __always_inline bool is_same(const struct sensor_member *a, const struct sensor_member *b)
{
	return a->server == b->server && a->root == b->root && a->role == b->role && a->flags == b->flags;
}

/* What a task is to be: as the parent says of its process, else what it has, else what its parent has. */
static __always_inline bool wanted(struct task_struct *task, const struct member_state *now,
				   struct sensor_member *member)
{
	__u32 pid = tgid_of(task);
	struct sensor_track *track = bpf_map_lookup_elem(&tracked, &pid);
	struct sensor_member *contained;
	struct member_state *above;

	if (track && track->start_ticks == leader_start(task) / NS_PER_TICK) {
		*member = track->member;
		return true;
	}
	if (now)
		return false;
	contained = container_of_task(task);
	if (contained) {
		*member = *contained;
		return true;
	}
	above = member_of(task->real_parent);
	if (above)
		*member = inherited(above->member, false);
	return above;
}

/* One pass over all threads of the host. */
SEC("iter/task")
int mark_members(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct member_state *now, fresh = {};

	if (!task)
		return 0;
	if (!host_mounts && tgid_of(task) == 1)
		host_mounts = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	now = member_of(task);
	if (wanted(task, now, &fresh.member) && !(now && is_same(&now->member, &fresh.member))) {
		if (now)
			now->member = fresh.member;
		else
			now = mark(task, &fresh);
		__sync_fetch_and_add(&changed, 1);
		if (now && !tells_all)
			tell(task, &now->member);
	}
	if (now && tells_all)
		tell(task, &now->member);
	if (now && task->pid == task->tgid)
		tell_credentials(task, now);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
