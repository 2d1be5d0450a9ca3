/* SPDX-License-Identifier: Apache-2.0 */
/* The pipe to the parent: whole records, gathered to few writes. */
#ifndef SEALWATCH_OUTPUT_H
#define SEALWATCH_OUTPUT_H

#include <linux/types.h>
#include <stddef.h>
#include <time.h>

#include "sensor.h"

struct sensor_header header_of(enum sensor_type type, size_t length);

__u64 clock_ns(clockid_t clock);

/*
 * Takes a record; 0, or -errno where the pipe is broken. Blocks while the parent does not read: the ring
 * fills meanwhile, and what it cannot hold is counted.
 */
int emit(const void *record, size_t length);

/* Writes what was taken; 0, or -errno. */
int flush(void);

#endif
