/* SPDX-License-Identifier: Apache-2.0 */
/* The pipe to the parent: whole records, gathered to few writes. */
#ifndef SEALWATCH_OUTPUT_H
#define SEALWATCH_OUTPUT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "sensor.h"

struct sensor_header header_of(enum sensor_type type, size_t length);

__u64 clock_ns(clockid_t clock);

/* Before all others: the pipe must not make us wait. 0, or -errno. */
int output_open(void);

/*
 * Takes a record; 0, or -errno where the pipe is broken. Many megabytes wait for a parent that is slow; then it
 * blocks, the ring fills, and what that cannot hold is counted.
 */
int emit(const void *record, size_t length);

/* Writes what the pipe takes; 0, or -errno. */
int flush(void);

/* Writes all that was taken, however long that takes; 0, or -errno. */
int flush_all(void);

/* Bytes that were taken and not yet written. */
size_t output_waiting(void);

#endif
