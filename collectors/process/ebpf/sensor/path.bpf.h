/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Paths as the kernel sees them, which no name that a process gives can change. */
#ifndef SEALWATCH_PATH_BPF_H
#define SEALWATCH_PATH_BPF_H

#include "components.bpf.h"
#include "sensor.bpf.h"

#define FILENAME_BYTES 4096 /* PATH_MAX, include/uapi/linux/limits.h */
#define ARGV_BYTES 8192
#define ENVIRON_BYTES 8192
#define PATHS_AT_MOST (FILENAME_BYTES + 2 * 4096) /* after this no component begins */
#define TAIL_BYTES (PATHS_AT_MOST + COMPONENT_BYTES + ARGV_BYTES + ENVIRON_BYTES)

/*
 * `used` and `flags` are volatile so that the verifier sees a fresh value at each read: it then finds
 * equal states behind every way out of a walk, instead of following each of them to the end.
 */
struct scratch {
	struct sensor_exec exec;
	char tail[TAIL_BYTES];
	volatile __u32 used; /* of the tail */
	volatile __u32 flags;
	__u32 busy;
};

enum step { STEP_NAME, STEP_MOUNT, STEP_ROOT, STEP_ALONE };

static __always_inline struct mount *mount_of(struct vfsmount *vfsmount)
{
	return (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
}

/* Says what lies between a name and the one above it, as prepend_path() in fs/d_path.c decides it. */
static __always_inline enum step next_step(struct dentry *dentry, struct vfsmount *vfsmount)
{
	struct mount *mount = mount_of(vfsmount);

	if (dentry == BPF_CORE_READ(vfsmount, mnt_root))
		return BPF_CORE_READ(mount, mnt_parent) == mount ? STEP_ROOT : STEP_MOUNT;
	/* A file without a directory, such as a memfd. */
	if (dentry == BPF_CORE_READ(dentry, d_parent))
		return STEP_ALONE;
	return STEP_NAME;
}

/* Appends the components of a path from the leaf to the root; returns their bytes. */
static __always_inline __u32 append_path(struct scratch *scratch, const struct path *path, __u32 cut)
{
	struct dentry *dentry = BPF_CORE_READ(path, dentry);
	struct vfsmount *vfsmount = BPF_CORE_READ(path, mnt);
	__u32 before = scratch->used, used;
	enum step step;
	long n;
	int i;

	for (i = 0; i < PATH_STEPS; i++) {
		step = next_step(dentry, vfsmount);
		if (step == STEP_ROOT)
			goto done;
		if (step == STEP_MOUNT) {
			struct mount *mount = mount_of(vfsmount);

			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			vfsmount = &BPF_CORE_READ(mount, mnt_parent)->mnt;
			continue;
		}
		used = scratch->used;
		if (used > PATHS_AT_MOST)
			break;
		n = bpf_probe_read_kernel_str(&scratch->tail[used], COMPONENT_BYTES,
					      BPF_CORE_READ(dentry, d_name.name));
		if (n <= 0)
			break;
		scratch->used = used + n;
		if (step == STEP_ALONE)
			goto done;
		dentry = BPF_CORE_READ(dentry, d_parent);
	}
	scratch->flags |= cut;
done:
	return scratch->used - before;
}

#endif
