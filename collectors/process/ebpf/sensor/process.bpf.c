// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/* fork, exec and exit of every process of the host. */
#include "sensor.bpf.h"
#include "credentials.bpf.h"
#include "enforcement.bpf.h"
#include "path.bpf.h"

/* Set by the loader. */
const volatile __u32 max_argv_bytes = ARGV_BYTES;
/* Older kernels' sched_process_exit has no group_dead argument; the loader looks it up. */
const volatile bool exit_tells_group_dead = false;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

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

/* All of it; the loader keeps what is of interest, before anybody else can read it. */
static __always_inline __u32 append_environ(struct scratch *scratch, struct mm_struct *mm)
{
	unsigned long from = BPF_CORE_READ(mm, env_start);
	unsigned long bytes = BPF_CORE_READ(mm, env_end) - from;
	__u32 used = scratch->used;

	if (bytes > ENVIRON_BYTES) {
		scratch->flags |= SENSOR_ENVIRON_CUT;
		bytes = ENVIRON_BYTES;
	}
	if (used > PATHS_AT_MOST + COMPONENT_BYTES + ARGV_BYTES)
		return 0;
	if (bpf_probe_read_user(&scratch->tail[used], bytes, (void *)from)) {
		scratch->flags |= SENSOR_ENVIRON_CUT;
		return 0;
	}
	scratch->used = used + bytes;
	return bytes;
}

/* The member that the new image is: what a server forks and executes is not the server. */
static __always_inline struct sensor_member member_at_exec(struct member_state *state, struct task_struct *task)
{
	const struct cred *cred = BPF_CORE_READ(task, cred);
	struct sensor_member none = {};

	if (!state)
		return none;
	state->uid = BPF_CORE_READ(cred, euid.val);
	state->capabilities = capabilities_of(cred);
	state->told = 1;
	if (state->member.role == SENSOR_SERVER && (state->member.flags & SENSOR_FORKED))
		state->member.role = SENSOR_INSIDE;
	return state->member;
}

static __always_inline void fill_image(struct sensor_exec *exec, const struct inode *inode)
{
	__u32 device = BPF_CORE_READ(inode, i_sb, s_dev);

	exec->inode = BPF_CORE_READ(inode, i_ino);
	exec->device_major = device >> 20; /* include/linux/kdev_t.h */
	exec->device_minor = device & 0xfffff;
	exec->links = BPF_CORE_READ(inode, i_nlink);
	exec->size = BPF_CORE_READ(inode, i_size);
}

static __always_inline __u32 rights(struct sensor_exec *exec, struct task_struct *task,
				    struct linux_binprm *bprm)
{
	const struct cred *cred = BPF_CORE_READ(task, cred);
	__u32 flags = 0;

	exec->uid = BPF_CORE_READ(cred, euid.val);
	exec->gid = BPF_CORE_READ(cred, egid.val);
	exec->capabilities = capabilities_of(cred);
	if (BPF_CORE_READ_BITFIELD_PROBED(bprm, secureexec))
		flags |= SENSOR_PRIVILEGED;
	if (BPF_CORE_READ(cred, user_ns, level) > 0)
		flags |= SENSOR_USER_NAMESPACE;
	if (own_pid_namespace ? pid_namespace_of(task) != own_pid_namespace : BPF_CORE_READ(task, thread_pid, level) > 0)
		flags |= SENSOR_PID_NAMESPACE;
	return flags;
}

static __always_inline __u32 stream(struct task_struct *task, int number, __u64 *inode)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = NULL;
	__u32 kind;

	*inode = 0;
	if (BPF_CORE_READ(table, max_fds) <= number || bpf_probe_read_kernel(&file, sizeof(file), &files[number]) ||
	    !file)
		return SENSOR_OTHER_STREAM;
	kind = BPF_CORE_READ(file, f_inode, i_mode) & 0170000 /* S_IFMT */;
	if (kind != 0010000 /* S_IFIFO */ && kind != 0140000 /* S_IFSOCK */)
		return SENSOR_OTHER_STREAM;
	*inode = BPF_CORE_READ(file, f_inode, i_ino);
	return kind == 0010000 ? SENSOR_PIPE : SENSOR_SOCKET_STREAM;
}

static __always_inline void fill_exec(struct sensor_exec *exec, struct task_struct *task)
{
	exec->time_ns = bpf_ktime_get_boot_ns();
	exec->start_ns = leader_start(task);
	exec->pid = tgid_of(task);
	exec->ppid = tgid_of(BPF_CORE_READ(task, real_parent));
	exec->pid_namespace = pid_namespace_of(task);
	exec->cgroup = cgroup_of(task);
	exec->stdio = stream(task, 0, &exec->stdin_inode) | stream(task, 1, &exec->stdout_inode) << 8;
}

static __always_inline void append_paths(struct scratch *scratch, struct task_struct *task,
					 const struct file *image, struct linux_binprm *bprm)
{
	struct sensor_exec *exec = &scratch->exec;
	struct fs_struct *fs = BPF_CORE_READ(task, fs);

	if (BPF_CORE_READ(bprm, interp) != BPF_CORE_READ(bprm, filename))
		scratch->flags |= SENSOR_SCRIPT;
	if (is_deleted(image))
		scratch->flags |= SENSOR_EXE_DELETED;
	exec->filename_bytes = append_filename(scratch, bprm);
	exec->exe_bytes = append_path(scratch, &image->f_path, SENSOR_EXE_CUT);
	exec->cwd_bytes = append_path(scratch, &fs->pwd, SENSOR_CWD_CUT);
}

static __always_inline void send_exec(struct scratch *scratch, struct task_struct *task,
				      struct linux_binprm *bprm, struct member_state *state)
{
	struct sensor_exec *exec = &scratch->exec;
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	const struct file *image = BPF_CORE_READ(mm, exe_file);
	const struct inode *inode = BPF_CORE_READ(image, f_inode);
	__u32 length;
	__u64 wake;

	fill_exec(exec, task);
	fill_image(exec, inode);
	scratch->used = 0;
	scratch->flags = rights(exec, task, bprm);
	exec->member = member_at_exec(state, task);
	append_paths(scratch, task, image, bprm);
	exec->kill = state ? judge(scratch, task, &exec->member, inode) : SENSOR_NOT_KILLED;
	if (exec->kill)
		bpf_send_signal(9 /* SIGKILL */);
	exec->argv_bytes = append_argv(scratch, mm);
	exec->environ_bytes = state ? append_environ(scratch, mm) : 0;
	exec->flags = scratch->flags;

	if (!has_room(state))
		return;
	/* Whoever is talked to by two pipes may be a server. */
	wake = wakeup(state || ((exec->stdio & 0xff) && exec->stdio >> 8));
	length = sizeof(*exec) + scratch->used;
	fill_header(&exec->header, SENSOR_EXEC, length);
	if (length > sizeof(*exec) + TAIL_BYTES || bpf_ringbuf_output(&ring, exec, length, wake))
		count_lost(state);
}

/* What enters a server's container from outside, as `docker exec` does, comes from another parent. */
static __always_inline struct member_state *adopted(struct task_struct *task)
{
	struct sensor_member *member = container_of_task(task);
	struct member_state state = {}, *marked;

	if (!member)
		return NULL;
	state.member = *member;
	marked = mark(task, &state);
	if (!marked)
		count_lost(true);
	return marked;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(handle_sched_process_exec, struct task_struct *task, pid_t old_pid,
	     struct linux_binprm *bprm)
{
	__u32 zero = 0;
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &zero);
	struct member_state *state = member_of(task) ?: adopted(task);

	if (!tgid_of(task))
		return 0;
	/* Tracepoints run with preemption off; should a kernel change that, the loss is at least counted. */
	if (!scratch || scratch->busy) {
		count_lost(state);
		return 0;
	}
	scratch->busy = 1;
	send_exec(scratch, task, bprm, state);
	scratch->busy = 0;
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(handle_sched_process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct sensor_member none = {};
	struct member_state *from;
	struct sensor_fork *fork;

	if (child->pid != child->tgid)
		return 0;
	from = member_of(parent);
	if (!tgid_of(child) || !has_room(from))
		return 0;
	fork = bpf_ringbuf_reserve(&ring, sizeof(*fork), 0);
	if (!fork) {
		count_lost(from);
		return 0;
	}
	fill_header(&fork->header, SENSOR_FORK, sizeof(*fork));
	fork->time_ns = bpf_ktime_get_boot_ns();
	fork->start_ns = leader_start(child);
	fork->member = from ? from->member : none;
	fork->pid = tgid_of(child);
	/* Not `parent`: with CLONE_PARENT they differ. */
	fork->ppid = tgid_of(BPF_CORE_READ(child, real_parent));
	fork->uid = BPF_CORE_READ(child, cred, euid.val);
	fork->reserved = 0;
	bpf_ringbuf_submit(fork, wakeup(false));
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
	struct task_struct *task = bpf_get_current_task_btf();
	struct member_state *state;
	struct sensor_exit *exit;

	if (exit_tells_group_dead) {
		if (!(ctx[1] & 0xff))
			return 0;
	} else if (BPF_CORE_READ(task, signal, live.counter) != 0) {
		return 0;
	}
	state = member_of(task);
	tell_credentials(task, state);
	if (!tgid_of(task) || !has_room(state))
		return 0;
	exit = bpf_ringbuf_reserve(&ring, sizeof(*exit), 0);
	if (!exit) {
		count_lost(state);
		return 0;
	}
	fill_header(&exit->header, SENSOR_EXIT, sizeof(*exit));
	exit->time_ns = bpf_ktime_get_boot_ns();
	exit->start_ns = leader_start(task);
	exit->pid = tgid_of(task);
	exit->status = wait_status(task);
	exit->uid = BPF_CORE_READ(task, cred, euid.val);
	exit->reserved = 0;
	bpf_ringbuf_submit(exit, wakeup(false));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
