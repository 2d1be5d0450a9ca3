/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_EVENTS_H
#define SEALWATCH_EVENTS_H

#include <sys/types.h>

/* The socket to the guard. */
#define CONTROL_FD 3

/*
 * What the launcher tells the guard: one JSON object a line. A path is bytes; what is no UTF-8 in it
 * is for the reader to replace. Each returns 0, or -errno where the guard is gone.
 */

/* Why something was refused. */
enum refusal {
	/* Its content is not what was approved. */
	REFUSED_CHANGED,
	/* It lies where only listed files may, or under a name that must lead to one. */
	REFUSED_UNLISTED,
	/* A link leads elsewhere, or stands where none was. */
	REFUSED_LINK,
	/* A program that is neither listed nor the system's. */
	REFUSED_PROGRAM,
	/* The process cannot be looked into; it goes on without what it asked for. */
	REFUSED_OPAQUE,
};

int event_started(pid_t pid);
int event_exec(pid_t pid, const char *path);
int event_refused(pid_t pid, const char *path, enum refusal refusal);
/* `status` is as of wait(2). */
int event_exited(int status);
int event_ended(void);
/* The server's program could not be executed; `error` is an errno. */
int event_not_run(int error);
/* Something else; `error` is an errno. */
int event_error(const char *reason, int error);

#endif
