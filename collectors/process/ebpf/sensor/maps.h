/* SPDX-License-Identifier: Apache-2.0 */
/* What maps hold that the loader reads or writes as well. */
#ifndef SEALWATCH_MAPS_H
#define SEALWATCH_MAPS_H

#ifndef __bpf__
#include <linux/types.h>

#include "sensor.h"
#endif

/* Of each thread: membership is the process's, but the thread that calls execve becomes the process. */
struct member_state {
	struct sensor_member member;
	__u64 capabilities; /* as they were told last; 0 with uid 0 before the first time */
	__u32 uid;
	__u32 told;
};

/* A container is known by the cgroup or by the pid namespace that its processes are in. */
struct container_key {
	__u64 cgroup; /* 0 for a pid namespace */
	__u64 pid_namespace;
};

#endif
