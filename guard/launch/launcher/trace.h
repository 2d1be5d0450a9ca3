/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_TRACE_H
#define SEALWATCH_TRACE_H

#include <stdbool.h>

#include "program.h"

/*
 * Stops a thread at its next successful exec, before the new image runs one instruction. Only for that is it traced:
 * from its question until the exec, or, where the exec fails, until the next one that does not. Needs no privilege,
 * since all of it came out of this process, unless the host forbids tracing (Yama's ptrace_scope 2 and 3).
 */

/* Traces a thread that waits for the answer to an exec; 0 or -errno. */
int trace_exec(pid_t tid, const struct program *program);

/* What the launcher is told of. */
struct trace_hooks {
	void (*ran)(pid_t pid, const char *image);
	void (*refused)(pid_t pid, const char *path, enum refusal refusal);
};

/* Takes what waitpid(2) told of a stopped thread, and lets it go on. */
void trace_stopped(pid_t tid, int status, const struct seal *seal, const struct trace_hooks *hooks);

/* The thread has ended. */
void trace_ended(pid_t tid);

#endif
