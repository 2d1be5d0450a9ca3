/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_CALLS_H
#define SEALWATCH_CALLS_H

#include <stdbool.h>

#include "trace.h"

/* What the answers go by. */
struct calls {
	/* The descriptor of filter_install. */
	int listener;
	const struct seal *seal;
	bool settled;
	void (*refused)(pid_t pid, const char *path, enum refusal refusal);
};

/* Answers one call that a thread of the subtree waits in; 0, or -errno where none can be read any more. */
int calls_answer(const struct calls *calls);

#endif
