/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_LIFE_H
#define SEALWATCH_LIFE_H

#include <signal.h>
#include <stdbool.h>

#include "events.h"
#include "server.h"

/* How the server and what came out of it begin and end. */

struct life_hooks {
	/* A traced thread stopped; `status` is as of waitpid(2). */
	void (*stopped)(pid_t tid, int status);
	void (*ended)(pid_t tid);
};

/* Starts the server; what hinders it is told and ends all. */
void life_start(bool filtered, char *const argv[], const char *path, const sigset_t *mask);

/* What life_start made of it. */
const struct server *life_server(void);
void life_close_listener(void);

/* The server's program runs. */
void life_tell_started(void);

/* The descriptor of `started` can be read. */
void life_read_started(void);

/* Takes what became of processes; false once there are none. */
bool life_reap(const struct life_hooks *hooks);

void life_signal(int number);
/* What outlives the server has so many milliseconds. */
void life_set_grace(unsigned int ms);
/* In so many milliseconds all gets SIGTERM, and in as many more SIGKILL. */
void life_end(unsigned int ms);
/* All gets SIGKILL, again and again until nothing is left. */
void life_kill(void);
bool life_is_killing(void);
/* Tells an error and kills. */
void life_fail(const char *reason, int error);
bool life_has_failed(void);

/* Milliseconds until life_tick has something to do; -1 where nothing is due. */
int life_patience(void);
void life_tick(void);

#endif
