// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * Who controls another process by ptrace(2). There is no tracepoint for it that costs nothing elsewhere; but
 * a tracer is told of each stop of its tracee, and waits for it.
 */
#include "sensor.bpf.h"

#define SIGCHLD 17
#define CLD_TRAPPED 4 /* include/uapi/asm-generic/siginfo.h */
#define MAX_PAIRS 4096

struct pair {
	__u32 pid;
	__u32 tracee_pid;
	__u64 tracee_start_ns;
};

/* Pairs that were told. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_PAIRS);
	__type(key, struct pair);
	__type(value, __u8);
} pairs SEC(".maps");

static __always_inline void tell(struct task_struct *tracer, struct task_struct *tracee)
{
	struct pair pair = {
		.pid = tgid_of(tracer),
		.tracee_pid = tgid_of(tracee),
		.tracee_start_ns = leader_start(tracee),
	};
	struct sensor_trace *record;
	const __u8 present = 1;

	if (bpf_map_update_elem(&pairs, &pair, &present, BPF_NOEXIST))
		return;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_lost(true);
		return;
	}
	fill_header(&record->header, SENSOR_TRACE, sizeof(*record));
	record->time_ns = bpf_ktime_get_boot_ns();
	record->start_ns = leader_start(tracer);
	record->tracee_start_ns = pair.tracee_start_ns;
	record->pid = pair.pid;
	record->uid = BPF_CORE_READ(tracer, cred, euid.val);
	record->tracee_pid = pair.tracee_pid;
	record->reserved = 0;
	bpf_ringbuf_submit(record, 0);
}

/* do_notify_parent_cldstop() in kernel/signal.c, run by the tracee that stops. */
SEC("tp_btf/signal_generate")
int BPF_PROG(handle_signal_generate, int sig, struct kernel_siginfo *info, struct task_struct *task)
{
	struct task_struct *tracee;

	/* Up to 1 it is no address, see SEND_SIG_PRIV. */
	if (sig != SIGCHLD || (unsigned long)info <= 1 || BPF_CORE_READ(info, si_code) != CLD_TRAPPED)
		return 0;
	tracee = bpf_get_current_task_btf();
	if (member_of(tracee) || member_of(task))
		tell(task, tracee);
	return 0;
}

/* A member that waits, and traces: it may have hidden the signal from itself. */
SEC("tp_btf/sched_process_wait")
int BPF_PROG(handle_sched_process_wait, struct pid *pid)
{
	struct task_struct *tracer = bpf_get_current_task_btf();
	struct list_head *first;

	if (!member_of(tracer))
		return 0;
	first = BPF_CORE_READ(tracer, ptraced.next);
	if (first == &tracer->ptraced)
		return 0;
	tell(tracer, (void *)first - bpf_core_field_offset(struct task_struct, ptrace_entry));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
