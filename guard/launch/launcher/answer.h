/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_ANSWER_H
#define SEALWATCH_ANSWER_H

#include <linux/seccomp.h>

#include "calls.h"
#include "place.h"

/* A call that a thread waits in. It is answered once. */
struct call {
	const struct calls *calls;
	const struct seccomp_notif *notif;
	struct asked asked;
	/* Of an open. */
	__u64 flags;
};

/*
 * Whether the thread that was looked into is the one that asked: its number may have another owner by now. Asked
 * before anything is done to it or told of it; an answer that comes too late reaches nobody.
 */
bool call_is_waiting(const struct call *call);

/* The kernel carries the call out, and reads all of it anew. */
void answer_pass(const struct call *call);
void answer_value(const struct call *call, size_t value);
/* `error` is negative. */
void answer_error(const struct call *call, int error);
void answer_refused(const struct call *call, const char *path, enum refusal refusal);

/* The call returns a copy of a descriptor, which is closed here; a negative one is an error. */
void answer_descriptor(const struct call *call, int fd);

#endif
