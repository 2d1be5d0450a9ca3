/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of every process of the host, so that the parent need only be told of those that matter to it,
 * and of others once they do.
 */
#ifndef SEALWATCH_CENSUS_H
#define SEALWATCH_CENSUS_H

#include <linux/types.h>
#include <stddef.h>

#include "sensor.h"

/* How far the parent is told of processes that belong to no server. */
enum census_scope {
	SCOPE_HOST,	/* of all */
	SCOPE_SUBTREES, /* of those that could be a server's, and of those that touched what is watched */
};

void census_set_scope(enum census_scope scope);

/* Takes a record of the ring in, and emits it where the parent is to know; 0, or -errno of the pipe. */
int census_take(const void *record, size_t length);

/* Emits what is known of a process and of those above it, as far as the parent was not told; 0, or -errno. */
int census_tell(__u32 pid);

/* After the launches changed: emits what runs already and could be one of them; 0, or -errno. */
int census_review(void);

/* What comes out of this process need not be told: it is no server after all. */
void census_release(__u32 pid);

#endif
