/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_CONTAINER_H
#define SEALWATCH_CONTAINER_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* A container is known by the cgroup or by the pid namespace that its processes are in. */
struct container_key {
	__u64 cgroup; /* 0 for a pid namespace */
	__u64 pid_namespace;
};

#endif
