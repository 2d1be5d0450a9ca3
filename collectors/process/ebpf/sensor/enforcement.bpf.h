/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Whether an image may run in a subtree, decided before its first instruction. */
#ifndef SEALWATCH_ENFORCEMENT_BPF_H
#define SEALWATCH_ENFORCEMENT_BPF_H

#include "enforcement.h"
#include "path.bpf.h"

/* Inode of the mount namespace in which listed paths are meant; set by the loader. */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_POLICIES);
	__type(key, __u64);   /* server */
	__type(value, __u32); /* enum sensor_mode */
} policies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_LISTED);
	__type(key, struct listed_image);
	__type(value, __u8);
} listed SEC(".maps");

/* The host's shells: a file with this inode and size is one, whatever its name. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_SHELLS);
	__type(key, __u64);   /* inode */
	__type(value, __u64); /* size */
} shells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct listed_image);
} listed_keys SEC(".maps");

static __always_inline bool is_shell(const struct inode *inode)
{
	__u64 number = BPF_CORE_READ(inode, i_ino);
	__u64 *size = bpf_map_lookup_elem(&shells, &number);

	return size && *size == BPF_CORE_READ(inode, i_size);
}

/* Whether the path that begins at `at` in the tail is listed. In another mount namespace any file may bear it. */
static __always_inline bool is_listed(struct scratch *scratch, struct task_struct *task, __u64 server,
				      __u32 at, __u32 bytes)
{
	__u32 zero = 0;
	struct listed_image *key = bpf_map_lookup_elem(&listed_keys, &zero);

	if (!key || bytes > sizeof(key->path) || at > FILENAME_BYTES ||
	    BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum) != host_mounts)
		return false;
	__builtin_memset(key, 0, sizeof(*key));
	key->server = server;
	if (bpf_probe_read_kernel(key->path, bytes, &scratch->tail[at]))
		return false;
	return bpf_map_lookup_elem(&listed, key);
}

static __always_inline enum sensor_kill judge(struct scratch *scratch, struct task_struct *task,
					      const struct sensor_member *member, const struct inode *inode)
{
	__u64 server = member->server;
	__u32 *mode = bpf_map_lookup_elem(&policies, &server);

	if (!mode || *mode == SENSOR_OBSERVE)
		return SENSOR_NOT_KILLED;
	if (*mode & SENSOR_NOTHING)
		return SENSOR_KILLED_DENIED;
	/* What the config itself asks for on the way to the server was approved with it. */
	if (member->role != SENSOR_INSIDE)
		return SENSOR_NOT_KILLED;
	if (is_shell(inode))
		return *mode & SENSOR_NO_SHELLS ? SENSOR_KILLED_SHELL : SENSOR_NOT_KILLED;
	if (!(*mode & SENSOR_ONLY_LISTED))
		return SENSOR_NOT_KILLED;
	if ((scratch->flags & (SENSOR_EXE_CUT | SENSOR_EXE_DELETED)) ||
	    !is_listed(scratch, task, server, scratch->exec.filename_bytes, scratch->exec.exe_bytes))
		return SENSOR_KILLED_UNLISTED;
	return SENSOR_NOT_KILLED;
}

#endif
