/* SPDX-License-Identifier: Apache-2.0 */
/* The programs in the kernel: loading, attaching, and the marks that they follow. */
#ifndef SEALWATCH_PROGRAMS_H
#define SEALWATCH_PROGRAMS_H

#include <bpf/libbpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include "sensor.h"
#include "sensor.skel.h"

struct program_options {
	__u32 ring_bytes;
	__u32 max_argv_bytes;
	bool wakes_for_all;
	bool is_service;
	const char *pin; /* directory in a BPF file system where membership outlives the sensor; or NULL */
};

#define MAX_OPTIONAL 16

struct programs {
	struct sensor_bpf *skel;
	struct bpf_link *marking;
	struct bpf_link *optional[MAX_OPTIONAL];
	__u32 features; /* enum sensor_feature */
	bool has_members;
};

/* What could not be done, in words. */
struct programs_fault {
	const char *what;
	int error; /* negative errno */
	bool unsupported;
};

/* Returns false and says why where the kernel refuses. */
bool programs_load(struct programs *programs, const struct program_options *options,
		   struct programs_fault *fault);
/* After the ring is mapped: nothing that happens from here on is missed. */
bool programs_attach(struct programs *programs, const struct program_options *options,
		     struct programs_fault *fault);
void programs_detach(struct programs *programs);
void programs_free(struct programs *programs);

#endif
