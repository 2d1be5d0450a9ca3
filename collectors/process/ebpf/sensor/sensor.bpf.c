// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "sensor.h"

#define FILENAME_BYTES 4096 /* PATH_MAX, include/uapi/linux/limits.h */
#define COMPONENT_BYTES 256 /* NAME_MAX and its NUL */
#define PATH_STEPS 128	    /* names and mounts from a leaf to the root */
#define ARGV_BYTES 8192
#define PATHS_AT_MOST (FILENAME_BYTES + 2 * 4096) /* after this no component begins */
#define TAIL_BYTES (PATHS_AT_MOST + COMPONENT_BYTES + ARGV_BYTES)

/* Set by the loader. */
const volatile __u32 max_argv_bytes = ARGV_BYTES;
/* Older kernels' sched_process_exit has no group_dead argument; the loader looks it up. */
const volatile bool exit_tells_group_dead = false;

/* Read by the loader from its own mapping, which needs no capability. */
__u64 lost = 0;

/* Types that no map and no signature holds, for the layout test. */
const struct sensor_ready *unused_ready __attribute__((unused));
const struct sensor_fork *unused_fork __attribute__((unused));
const struct sensor_exit *unused_exit __attribute__((unused));
const struct sensor_socket *unused_socket __attribute__((unused));
const enum sensor_socket_kind *unused_socket_kind __attribute__((unused));
const struct sensor_loss *unused_loss __attribute__((unused));
const struct sensor_pong *unused_pong __attribute__((unused));
const struct sensor_ping *unused_ping __attribute__((unused));
const struct sensor_file_actor *unused_file_actor __attribute__((unused));
const struct sensor_file_write *unused_file_write __attribute__((unused));
const struct sensor_file_loss *unused_file_loss __attribute__((unused));
const struct sensor_unmarked *unused_unmarked __attribute__((unused));
const enum sensor_type *unused_type __attribute__((unused));
const enum sensor_exec_flag *unused_flag __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);
} ring SEC(".maps");

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

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* Renamed in Linux 5.5, commit cf25e24db61c. */
struct task_struct___before_5_5 {
	__u64 real_start_time;
};

static __always_inline void count_lost(void)
{
	__sync_fetch_and_add(&lost, 1);
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

static __always_inline bool is_deleted(const struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);

	return !BPF_CORE_READ(dentry, d_hash.pprev) &&
	       dentry != BPF_CORE_READ(file, f_path.mnt, mnt_root);
}

static __always_inline __u32 append_filename(struct scratch *scratch, struct linux_binprm *bprm)
{
	long n = bpf_probe_read_kernel_str(scratch->tail, FILENAME_BYTES, BPF_CORE_READ(bprm, filename));

	if (n <= 0 || n == FILENAME_BYTES)
		scratch->flags |= SENSOR_FILENAME_CUT;
	if (n <= 0)
		return 0;
	scratch->used = n - 1;
	return n - 1;
}

/* Reads the arguments where execve has just put them: nobody has run who could have rewritten them. */
static __always_inline __u32 append_argv(struct scratch *scratch, struct mm_struct *mm)
{
	unsigned long from = BPF_CORE_READ(mm, arg_start);
	unsigned long bytes = BPF_CORE_READ(mm, arg_end) - from;
	__u32 used = scratch->used;

	if (bytes > max_argv_bytes) {
		scratch->flags |= SENSOR_ARGV_CUT;
		bytes = max_argv_bytes;
	}
	if (bytes > ARGV_BYTES || used > PATHS_AT_MOST + COMPONENT_BYTES)
		return 0;
	if (bpf_probe_read_user(&scratch->tail[used], bytes, (void *)from)) {
		scratch->flags |= SENSOR_ARGV_CUT;
		return 0;
	}
	scratch->used = used + bytes;
	return bytes;
}

static __always_inline void fill_exec(struct sensor_exec *exec, struct task_struct *task)
{
	exec->time_ns = bpf_ktime_get_boot_ns();
	exec->start_ns = leader_start(task);
	exec->pid = BPF_CORE_READ(task, tgid);
	exec->ppid = BPF_CORE_READ(task, real_parent, tgid);
	exec->uid = BPF_CORE_READ(task, cred, euid.val);
	exec->gid = BPF_CORE_READ(task, cred, egid.val);
	exec->reserved = 0;
}

static __always_inline void send_exec(struct scratch *scratch, struct task_struct *task,
				      struct linux_binprm *bprm)
{
	struct sensor_exec *exec = &scratch->exec;
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct file *image = BPF_CORE_READ(mm, exe_file);
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	__u32 length;

	fill_exec(exec, task);
	scratch->used = 0;
	scratch->flags = 0;
	if (BPF_CORE_READ(bprm, interp) != BPF_CORE_READ(bprm, filename))
		scratch->flags |= SENSOR_SCRIPT;
	if (is_deleted(image))
		scratch->flags |= SENSOR_EXE_DELETED;
	exec->filename_bytes = append_filename(scratch, bprm);
	exec->exe_bytes = append_path(scratch, &image->f_path, SENSOR_EXE_CUT);
	exec->cwd_bytes = append_path(scratch, &fs->pwd, SENSOR_CWD_CUT);
	exec->argv_bytes = append_argv(scratch, mm);
	exec->flags = scratch->flags;

	length = sizeof(*exec) + scratch->used;
	fill_header(&exec->header, SENSOR_EXEC, length);
	if (length > sizeof(*exec) + TAIL_BYTES || bpf_ringbuf_output(&ring, exec, length, 0))
		count_lost();
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(handle_sched_process_exec, struct task_struct *task, pid_t old_pid,
	     struct linux_binprm *bprm)
{
	__u32 zero = 0;
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &zero);

	/* Tracepoints run with preemption off; should a kernel change that, the loss is at least counted. */
	if (!scratch || scratch->busy) {
		count_lost();
		return 0;
	}
	scratch->busy = 1;
	send_exec(scratch, task, bprm);
	scratch->busy = 0;
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(handle_sched_process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct sensor_fork *fork;

	if (BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid))
		return 0;
	fork = bpf_ringbuf_reserve(&ring, sizeof(*fork), 0);
	if (!fork) {
		count_lost();
		return 0;
	}
	fill_header(&fork->header, SENSOR_FORK, sizeof(*fork));
	fork->time_ns = bpf_ktime_get_boot_ns();
	fork->start_ns = leader_start(child);
	fork->pid = BPF_CORE_READ(child, tgid);
	/* Not `parent`: with CLONE_PARENT they differ. */
	fork->ppid = BPF_CORE_READ(child, real_parent, tgid);
	fork->uid = BPF_CORE_READ(child, cred, euid.val);
	fork->reserved = 0;
	bpf_ringbuf_submit(fork, 0);
	return 0;
}

/* The status that wait(2) reports; as wait_task_zombie() in kernel/exit.c chooses it. */
static __always_inline __u32 wait_status(struct task_struct *task)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);

	if (BPF_CORE_READ(signal, flags) & 0x4 /* SIGNAL_GROUP_EXIT */)
		return BPF_CORE_READ(signal, group_exit_code);
	return BPF_CORE_READ(task, group_leader, exit_code);
}

SEC("tp_btf/sched_process_exit")
int handle_sched_process_exit(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct sensor_exit *exit;

	if (exit_tells_group_dead) {
		if (!(ctx[1] & 0xff))
			return 0;
	} else if (BPF_CORE_READ(task, signal, live.counter) != 0) {
		return 0;
	}
	exit = bpf_ringbuf_reserve(&ring, sizeof(*exit), 0);
	if (!exit) {
		count_lost();
		return 0;
	}
	fill_header(&exit->header, SENSOR_EXIT, sizeof(*exit));
	exit->time_ns = bpf_ktime_get_boot_ns();
	exit->start_ns = leader_start(task);
	exit->pid = BPF_CORE_READ(task, tgid);
	exit->status = wait_status(task);
	bpf_ringbuf_submit(exit, 0);
	return 0;
}

#define AF_INET 2
#define AF_INET6 10

static __always_inline void fill_address(struct sensor_socket *record, const struct sock *sk, bool remote)
{
	__builtin_memset(record->address, 0, sizeof(record->address));
	if (record->family == AF_INET6 && remote)
		BPF_CORE_READ_INTO(&record->address, sk, __sk_common.skc_v6_daddr);
	else if (record->family == AF_INET6)
		BPF_CORE_READ_INTO(&record->address, sk, __sk_common.skc_v6_rcv_saddr);
	else if (remote)
		BPF_CORE_READ_INTO((__be32 *)record->address, sk, __sk_common.skc_daddr);
	else
		BPF_CORE_READ_INTO((__be32 *)record->address, sk, __sk_common.skc_rcv_saddr);
}

/* Both states are entered by the one who asks: connect(2) and listen(2), or their io_uring workers. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(handle_inet_sock_set_state, const struct sock *sk, int old_state, int new_state)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct sensor_socket *record;

	if (new_state != 2 /* TCP_SYN_SENT */ && new_state != 10 /* TCP_LISTEN */)
		return 0;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_lost();
		return 0;
	}
	fill_header(&record->header, SENSOR_SOCKET, sizeof(*record));
	record->time_ns = bpf_ktime_get_boot_ns();
	record->start_ns = leader_start(task);
	record->pid = BPF_CORE_READ(task, tgid);
	record->uid = BPF_CORE_READ(task, cred, euid.val);
	record->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	record->kind = new_state == 2 ? SENSOR_CONNECT : SENSOR_LISTEN;
	record->reserved = 0;
	record->port = new_state == 2 ? bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport))
				      : BPF_CORE_READ(sk, __sk_common.skc_num);
	fill_address(record, sk, new_state == 2);
	bpf_ringbuf_submit(record, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
