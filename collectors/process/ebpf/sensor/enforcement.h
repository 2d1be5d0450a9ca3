/* SPDX-License-Identifier: Apache-2.0 */
/* The maps of enforcement.bpf.h, and what fills them. */
#ifndef SEALWATCH_ENFORCEMENT_H
#define SEALWATCH_ENFORCEMENT_H

#ifndef __bpf__
#include <linux/types.h>
#include <stddef.h>

#include "sensor.h"
#endif

#define MAX_POLICIES 4096
#define MAX_LISTED 65536
#define MAX_SHELLS 256
#define LISTED_PATH_BYTES 248

/* An image that members of a server may execute: its path as in sensor_exec.exe, filled up with NULs. */
struct listed_image {
	__u64 server;
	char path[LISTED_PATH_BYTES];
};

#ifndef __bpf__
struct sensor_bpf;

/* Each takes a whole command; 0, or a negative errno where the record is not one. */
int enforcement_policy(struct sensor_bpf *skel, const unsigned char *command, size_t length);
int enforcement_shells(struct sensor_bpf *skel, const unsigned char *command, size_t length);
#endif

#endif
