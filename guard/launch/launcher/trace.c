// SPDX-License-Identifier: Apache-2.0
#include "trace.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

/* With PTRACE_O_EXITKILL nobody goes on unjudged when this process is killed meanwhile. */
#define OPTIONS (PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

struct traced {
	struct traced *next;
	pid_t tid;
	struct program program;
};

static struct traced *all;

static struct traced *find(pid_t tid)
{
	struct traced *traced = all;

	while (traced && traced->tid != tid)
		traced = traced->next;
	return traced;
}

void trace_ended(pid_t tid)
{
	struct traced **link = &all, *traced;

	while (*link) {
		traced = *link;
		if (traced->tid != tid) {
			link = &traced->next;
			continue;
		}
		*link = traced->next;
		free(traced);
	}
}

int trace_exec(pid_t tid, const struct program *program)
{
	struct traced *traced = find(tid);

	if (!traced) {
		if (ptrace(PTRACE_SEIZE, tid, NULL, OPTIONS))
			return -errno;
		traced = malloc(sizeof(*traced));
		if (!traced)
			return -ENOMEM;
		traced->next = all;
		traced->tid = tid;
		all = traced;
	}
	traced->program = *program;
	return 0;
}

static void handle_exec(pid_t pid, const struct seal *seal, const struct trace_hooks *hooks)
{
	char image[PATH_MAX] = "";
	unsigned long former = pid;
	struct traced *traced;
	int err = REFUSES(REFUSED_PROGRAM);

	/* A thread that is not the first of its process takes that one's number. */
	ptrace(PTRACE_GETEVENTMSG, pid, NULL, &former);
	traced = find(former);
	if (traced)
		err = program_check(seal, pid, &traced->program, image);
	if (err) {
		kill(pid, SIGKILL);
		/* Killed by somebody else meanwhile, it has no image any more. */
		if (err != -ENOENT && err != -ESRCH)
			hooks->refused(pid, traced ? traced->program.path : image,
				       err > 0 ? REFUSAL(err) : REFUSED_OPAQUE);
	} else {
		hooks->ran(pid, image);
	}
	trace_ended(former);
	trace_ended(pid);
	/* Stopped, it takes no step before it dies. */
	if (!err)
		ptrace(PTRACE_DETACH, pid, NULL, 0);
}

void trace_stopped(pid_t tid, int status, const struct seal *seal, const struct trace_hooks *hooks)
{
	int event = status >> 16, number = WSTOPSIG(status);
	bool is_stop = number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;

	if (event == PTRACE_EVENT_EXEC)
		handle_exec(tid, seal, hooks);
	else if (event == PTRACE_EVENT_STOP && is_stop)
		ptrace(PTRACE_LISTEN, tid, NULL, 0);
	else
		ptrace(PTRACE_CONT, tid, NULL, event ? 0 : number);
}
