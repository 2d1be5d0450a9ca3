// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * Files that members change, whatever way they take: each way has to set the times of the inode. The name by
 * which a member reached the file is not known here, its inode is.
 */
#include "sensor.bpf.h"
#include "components.bpf.h"

#define MAX_CHANGES 16384
#define TELL_AGAIN_NS 1000000000ULL
#define CHANGE_PATH_BYTES 4096
#define S_IFMT 0170000
#define S_IFREG 0100000
#define S_IFDIR 0040000
#define S_IFLNK 0120000
#define I_NEW (1 << 0) /* include/linux/fs.h, as the next */
#define FMODE_WRITE 0x2

struct change {
	__u64 start_ns;
	__u64 inode;
	__u32 pid;
	__u32 device;
	__u32 removed;
	__u32 reserved;
};

/* When a change was told last; a file that is written a thousand times is told once a second. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_CHANGES);
	__type(key, struct change);
	__type(value, __u64);
} changes SEC(".maps");

struct change_scratch {
	struct sensor_file_change record;
	char path[CHANGE_PATH_BYTES + COMPONENT_BYTES];
	volatile __u32 used;
	volatile __u32 cut;
	__u32 busy;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct change_scratch);
} change_scratches SEC(".maps");

static __always_inline bool is_told(const struct change *change, __u64 now)
{
	__u64 *last = bpf_map_lookup_elem(&changes, change);

	if (last && now - *last < TELL_AGAIN_NS)
		return true;
	bpf_map_update_elem(&changes, change, &now, BPF_ANY);
	return false;
}

static __always_inline bool is_file(const struct inode *inode)
{
	__u32 kind = BPF_CORE_READ(inode, i_mode) & S_IFMT;

	return kind == S_IFREG || kind == S_IFDIR || kind == S_IFLNK;
}

/* An inode that is read from the disk or just made gets its times as well, before its name or its content. */
static __always_inline bool is_unborn(struct inode *inode)
{
	unsigned int state = 0;

	bpf_core_read(&state, sizeof(state), &inode->i_state);
	return (state & I_NEW) || !BPF_CORE_READ(inode, i_dentry.first);
}

/* Up to the root of the file system: an inode does not know where that is mounted. */
static __always_inline void append_names(struct change_scratch *scratch, struct dentry *dentry)
{
	struct dentry *parent;
	__u32 used;
	long n;
	int i;

	scratch->cut = SENSOR_EXE_CUT;
	for (i = 0; i < PATH_STEPS; i++) {
		parent = BPF_CORE_READ(dentry, d_parent);
		if (parent == dentry) {
			scratch->cut = 0;
			return;
		}
		used = scratch->used;
		if (used > CHANGE_PATH_BYTES)
			return;
		n = bpf_probe_read_kernel_str(&scratch->path[used], COMPONENT_BYTES,
					      BPF_CORE_READ(dentry, d_name.name));
		if (n <= 0)
			return;
		scratch->used = used + n;
		dentry = parent;
	}
}

static __always_inline void append_inode(struct change_scratch *scratch, const struct inode *inode)
{
	struct hlist_node *first = BPF_CORE_READ(inode, i_dentry.first);

	scratch->used = 0;
	scratch->cut = SENSOR_EXE_CUT;
	if (first)
		append_names(scratch, (void *)first - bpf_core_field_offset(struct dentry, d_u));
}

static __always_inline void send(struct change_scratch *scratch, struct task_struct *task,
				 const struct change *change, const struct inode *inode, __u64 now)
{
	struct sensor_file_change *record = &scratch->record;
	__u32 length;

	append_inode(scratch, inode);
	length = sizeof(*record) + scratch->used;
	fill_header(&record->header, SENSOR_FILE_CHANGE, length);
	record->time_ns = now;
	record->start_ns = change->start_ns;
	record->inode = change->inode;
	record->pid = change->pid;
	record->uid = BPF_CORE_READ(task, cred, euid.val);
	record->device_major = change->device >> 20; /* include/linux/kdev_t.h */
	record->device_minor = change->device & 0xfffff;
	record->mode = BPF_CORE_READ(inode, i_mode);
	record->links = BPF_CORE_READ(inode, i_nlink);
	record->flags = scratch->cut;
	record->path_bytes = scratch->used;
	/* Files are many: they leave the room of members to what members execute. */
	if (!has_room(false))
		return;
	if (length > sizeof(*record) + sizeof(scratch->path) || bpf_ringbuf_output(&ring, record, length, 0))
		count_lost(false);
}

static __always_inline int note(struct inode *inode)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct member_state *state = member_of(task);
	struct change_scratch *scratch;
	struct change change = {};
	__u64 now;
	__u32 zero = 0;

	/* What fetches a package on the way to the server writes thousands of files. */
	if (!state || state->member.role == SENSOR_LAUNCHER || !is_file(inode) || is_unborn(inode))
		return 0;
	change.start_ns = leader_start(task);
	change.inode = BPF_CORE_READ(inode, i_ino);
	change.pid = tgid_of(task);
	change.device = BPF_CORE_READ(inode, i_sb, s_dev);
	change.removed = !BPF_CORE_READ(inode, i_nlink);
	now = bpf_ktime_get_boot_ns();
	if (is_told(&change, now))
		return 0;
	scratch = bpf_map_lookup_elem(&change_scratches, &zero);
	/* Tracepoints run with preemption off; should a kernel change that, the loss is at least counted. */
	if (!scratch || scratch->busy) {
		count_lost(false);
		return 0;
	}
	scratch->busy = 1;
	send(scratch, task, &change, inode, now);
	scratch->busy = 0;
	return 0;
}

/* Since Linux 6.13: the first two in file systems with fine times, the third in the others. fs/inode.c. */
SEC("tp_btf/ctime_ns_xchg")
int BPF_PROG(note_ctime_ns_xchg, struct inode *inode)
{
	return note(inode);
}

SEC("tp_btf/ctime_xchg_skip")
int BPF_PROG(note_ctime_xchg_skip, struct inode *inode)
{
	return note(inode);
}

SEC("tp_btf/inode_set_ctime_to_ts")
int BPF_PROG(note_inode_set_ctime_to_ts, struct inode *inode)
{
	return note(inode);
}

/*
 * Content, in file systems with a page cache of their own: a file that is written in the same tick in which it
 * was made keeps the times that it had before it had a name. mm/page-writeback.c.
 */
SEC("tp_btf/writeback_dirty_folio")
int BPF_PROG(note_writeback_dirty_folio, struct folio *folio, struct address_space *mapping)
{
	return mapping ? note(mapping->host) : 0;
}

/* Before: of what is written, but not of all that is renamed or removed. fs/fs-writeback.c. */
SEC("tp_btf/writeback_mark_inode_dirty")
int BPF_PROG(note_writeback_mark_inode_dirty, struct inode *inode)
{
	return note(inode);
}

/* Where BPF LSM is on: also what is opened for writing and then left as it was. */
SEC("lsm/file_open")
int BPF_PROG(note_file_open, struct file *file, int ret)
{
	if (!ret && (BPF_CORE_READ(file, f_mode) & FMODE_WRITE))
		note(BPF_CORE_READ(file, f_inode));
	return ret;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
