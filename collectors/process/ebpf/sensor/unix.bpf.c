// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * Which unix sockets members connect to. Attached to the root of the cgroup hierarchy; nothing is ever refused
 * here. The loader gives the type of attachment, which Linux has since 6.7 and libbpf 1.1 does not know.
 */
#include "sensor.bpf.h"

#define ALLOW 1

extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym;

static __always_inline int note(struct bpf_sock_addr *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct bpf_sock_addr_kern *kernel = bpf_cast_to_kern_ctx(ctx);
	struct sensor_unix_socket *record;
	const struct sockaddr_un *address;
	int bytes;

	if (!member_of(task))
		return ALLOW;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		count_lost(true);
		return ALLOW;
	}
	address = (const void *)BPF_CORE_READ(kernel, uaddr);
	bytes = BPF_CORE_READ(kernel, uaddrlen) - offsetof(struct sockaddr_un, sun_path);
	if (bytes < 0 || bytes > sizeof(record->path))
		bytes = 0;
	fill_header(&record->header, SENSOR_UNIX_SOCKET, sizeof(*record));
	record->time_ns = bpf_ktime_get_boot_ns();
	record->start_ns = leader_start(task);
	record->pid = tgid_of(task);
	record->uid = BPF_CORE_READ(task, cred, euid.val);
	record->path_bytes = bytes;
	__builtin_memset(record->path, 0, sizeof(record->path));
	bpf_probe_read_kernel(record->path, sizeof(record->path), address->sun_path);
	bpf_ringbuf_submit(record, 0);
	return ALLOW;
}

SEC("cgroup/connect4")
int note_connect_unix(struct bpf_sock_addr *ctx)
{
	return note(ctx);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
