// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
#include "sensor.bpf.h"

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

static __always_inline void fill_who(struct sensor_socket *record, struct task_struct *task)
{
	fill_header(&record->header, SENSOR_SOCKET, sizeof(*record));
	record->time_ns = bpf_ktime_get_boot_ns();
	record->start_ns = leader_start(task);
	record->pid = tgid_of(task);
	record->uid = BPF_CORE_READ(task, cred, euid.val);
}

/* Both states are entered by the one who asks: connect(2) and listen(2), or their io_uring workers. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(handle_inet_sock_set_state, const struct sock *sk, int old_state, int new_state)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct member_state *state;
	struct sensor_socket *record;

	if (new_state != 2 /* TCP_SYN_SENT */ && new_state != 10 /* TCP_LISTEN */)
		return 0;
	state = member_of(task);
	if (!tgid_of(task) || !has_room(state))
		return 0;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_lost(state);
		return 0;
	}
	fill_who(record, task);
	record->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	record->kind = new_state == 2 ? SENSOR_CONNECT : SENSOR_LISTEN;
	record->protocol = IPPROTO_TCP;
	record->port = new_state == 2 ? bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport))
				      : BPF_CORE_READ(sk, __sk_common.skc_num);
	fill_address(record, sk, new_state == 2);
	bpf_ringbuf_submit(record, wakeup(state));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
