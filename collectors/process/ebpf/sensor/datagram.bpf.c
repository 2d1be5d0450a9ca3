// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * Where members send datagrams, and the ports that they take for them. Attached to the root of the cgroup
 * hierarchy, so that every process of the host passes by; nothing is ever refused here.
 */
#include "sensor.bpf.h"

#define AF_INET 2
#define AF_INET6 10
#define ALLOW 1
#define MAX_FLOWS 16384

struct flow {
	__u64 start_ns;
	__u32 pid;
	__u16 family;
	__u16 port;
	__u8 address[16];
};

/* Flows that were told; a socket that sends a thousand datagrams is told once. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_FLOWS);
	__type(key, struct flow);
	__type(value, __u8);
} flows SEC(".maps");

static __always_inline bool is_known(const struct flow *flow)
{
	const __u8 present = 1;

	return bpf_map_update_elem(&flows, flow, &present, BPF_NOEXIST);
}

static __always_inline void send(const struct flow *flow, struct task_struct *task, enum sensor_socket_kind kind)
{
	struct sensor_socket *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);

	if (!record) {
		count_lost(true);
		return;
	}
	fill_header(&record->header, SENSOR_SOCKET, sizeof(*record));
	record->time_ns = bpf_ktime_get_boot_ns();
	record->start_ns = flow->start_ns;
	record->pid = flow->pid;
	record->uid = BPF_CORE_READ(task, cred, euid.val);
	record->family = flow->family;
	record->port = flow->port;
	record->kind = kind;
	record->protocol = IPPROTO_UDP;
	__builtin_memcpy(record->address, flow->address, sizeof(record->address));
	bpf_ringbuf_submit(record, 0);
}

static __always_inline int note(struct bpf_sock_addr *ctx, __u16 family)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct flow flow = { .family = family };

	if (ctx->type != SOCK_DGRAM || !member_of(task))
		return ALLOW;
	flow.start_ns = leader_start(task);
	flow.pid = tgid_of(task);
	flow.port = bpf_ntohs(ctx->user_port);
	if (family == AF_INET) {
		__u32 address = ctx->user_ip4;

		__builtin_memcpy(flow.address, &address, sizeof(address));
	} else {
		__u32 address[4] = { ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3] };

		__builtin_memcpy(flow.address, address, sizeof(address));
	}
	if (!is_known(&flow))
		send(&flow, task, SENSOR_CONNECT);
	return ALLOW;
}

SEC("cgroup/connect4")
int note_connect4(struct bpf_sock_addr *ctx)
{
	return note(ctx, AF_INET);
}

SEC("cgroup/connect6")
int note_connect6(struct bpf_sock_addr *ctx)
{
	return note(ctx, AF_INET6);
}

SEC("cgroup/sendmsg4")
int note_sendmsg4(struct bpf_sock_addr *ctx)
{
	return note(ctx, AF_INET);
}

SEC("cgroup/sendmsg6")
int note_sendmsg6(struct bpf_sock_addr *ctx)
{
	return note(ctx, AF_INET6);
}

/* After the bind, when the port is known. */
static __always_inline int note_bound(struct bpf_sock *ctx, __u16 family)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct flow flow = { .family = family };

	if (ctx->type != SOCK_DGRAM || !member_of(task))
		return ALLOW;
	flow.start_ns = leader_start(task);
	flow.pid = tgid_of(task);
	flow.port = ctx->src_port;
	if (family == AF_INET) {
		__u32 address = ctx->src_ip4;

		__builtin_memcpy(flow.address, &address, sizeof(address));
	} else {
		__u32 address[4] = { ctx->src_ip6[0], ctx->src_ip6[1], ctx->src_ip6[2], ctx->src_ip6[3] };

		__builtin_memcpy(flow.address, address, sizeof(address));
	}
	send(&flow, task, SENSOR_BIND);
	return ALLOW;
}

SEC("cgroup/post_bind4")
int note_bind4(struct bpf_sock *ctx)
{
	return note_bound(ctx, AF_INET);
}

SEC("cgroup/post_bind6")
int note_bind6(struct bpf_sock *ctx)
{
	return note_bound(ctx, AF_INET6);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
