/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* What the programs of the sensor share: maps, counters, and how a record is made. */
#ifndef SEALWATCH_SENSOR_BPF_H
#define SEALWATCH_SENSOR_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "sensor.h"
#include "maps.h"

/* One file defines what the linker joins. */
#ifdef SENSOR_DEFINES
#define SHARED
#else
#define SHARED extern
#endif

#define MAX_CONTAINERS 1024
#define MARK_TRIES 4

SHARED struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);
} ring SEC(".maps");

SHARED struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct member_state);
} members SEC(".maps");

SHARED struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_CONTAINERS);
	__type(key, struct container_key);
	__type(value, struct sensor_member);
} containers SEC(".maps");

/* Read by the loader from its own mapping, which needs no capability. */
extern __u64 lost;
extern __u64 lost_members;
/* Written by the loader: where there is none, nothing is looked up. */
extern __u64 containers_tracked;

/* Set by the loader; the last part of the ring is for members only. */
extern const volatile __u32 ring_for_all_bytes;
extern const volatile bool wakes_for_all;
/* Inode of the pid namespace that the sensor lives in; 0 for the first, which has a number for every process. */
extern const volatile __u32 own_pid_namespace;
/* Inode of the mount namespace in which paths are those that the parent knows; 0 until pid 1 is seen. */
extern __u32 host_mounts;

/* Renamed in Linux 5.5, commit cf25e24db61c. */
struct task_struct___before_5_5 {
	__u64 real_start_time;
};

static __always_inline void count_lost(bool is_member)
{
	__sync_fetch_and_add(&lost, 1);
	if (is_member)
		__sync_fetch_and_add(&lost_members, 1);
}

/* Whether a record may go into the ring; one that may not is counted. */
static __always_inline bool has_room(bool is_member)
{
	if (is_member || bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) < ring_for_all_bytes)
		return true;
	count_lost(false);
	return false;
}

/* What is only taken down waits for the next look, or until an eighth of the ring is full: to wake up costs most. */
static __always_inline __u64 wakeup(bool is_urgent)
{
	if (wakes_for_all)
		return 0;
	/* By itself the ring wakes only who has read all that was before. */
	if (is_urgent)
		return BPF_RB_FORCE_WAKEUP;
	if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > ring_for_all_bytes / 7)
		return BPF_RB_FORCE_WAKEUP;
	return BPF_RB_NO_WAKEUP;
}

static __always_inline __u64 leader_start(struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	if (bpf_core_field_exists(leader->start_boottime))
		return BPF_CORE_READ(leader, start_boottime);
	return BPF_CORE_READ((struct task_struct___before_5_5 *)leader, real_start_time);
}

static __always_inline void fill_header(struct sensor_header *header, __u16 type, __u32 length)
{
	header->length = length;
	header->version = SENSOR_VERSION;
	header->type = type;
}

static __always_inline struct member_state *member_of(struct task_struct *task)
{
	return bpf_task_storage_get(&members, task, 0, 0);
}

/*
 * Marks a task; NULL without memory. A tracepoint takes memory without waiting for it, so that the kernel may have
 * none at one moment and some at the next: seen while the page cache filled the whole memory.
 */
static __always_inline struct member_state *mark(struct task_struct *task, struct member_state *state)
{
	struct member_state *marked = NULL;

	for (int i = 0; i < MARK_TRIES && !marked; i++)
		marked = bpf_task_storage_get(&members, task, state, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return marked;
}

static __always_inline __u64 capabilities_of(const struct cred *cred)
{
	__u64 capabilities = 0;

	/* Two words until Linux 6.3, one since: the same 64 bits on a little-endian machine. */
	bpf_core_read(&capabilities, sizeof(capabilities), &cred->cap_effective);
	return capabilities;
}

/* A namespace inside more than so many others is not looked for. */
#define MAX_PID_LEVELS 8

/*
 * Number of a task's process as the sensor's parent knows it, pid_nr_ns() in kernel/pid.c; 0 where it has none there: it
 * lives outside, as the host does of a container that the sensor is in.
 */
static __always_inline __u32 tgid_of(struct task_struct *task)
{
	struct pid *pid;
	__u32 levels, i;

	if (!own_pid_namespace)
		return BPF_CORE_READ(task, tgid);
	pid = BPF_CORE_READ(task, group_leader, thread_pid);
	levels = BPF_CORE_READ(pid, level) + 1;
	for (i = 0; i < MAX_PID_LEVELS && i < levels; i++) {
		struct pid_namespace *space;
		int number = 0;

		if (bpf_core_read(&space, sizeof(space), &pid->numbers[i].ns) ||
		    BPF_CORE_READ(space, ns.inum) != own_pid_namespace)
			continue;
		bpf_core_read(&number, sizeof(number), &pid->numbers[i].nr);
		return number;
	}
	return 0;
}

/* Inode of the pid namespace that a task lives in; task_active_pid_ns() in kernel/pid.c. */
static __always_inline __u32 pid_namespace_of(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	struct pid_namespace *space;

	if (bpf_core_read(&space, sizeof(space), &pid->numbers[level & 31].ns))
		return 0;
	return BPF_CORE_READ(space, ns.inum);
}

static __always_inline __u64 cgroup_of(struct task_struct *task)
{
	return BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
}

/* What a task is by the container that it is in; NULL where that is none of a server's. */
static __always_inline struct sensor_member *container_of_task(struct task_struct *task)
{
	struct container_key key = {};
	struct sensor_member *member;

	if (!containers_tracked)
		return NULL;
	key.pid_namespace = pid_namespace_of(task);
	member = bpf_map_lookup_elem(&containers, &key);
	if (member)
		return member;
	key.pid_namespace = 0;
	key.cgroup = cgroup_of(task);
	return bpf_map_lookup_elem(&containers, &key);
}

#endif
