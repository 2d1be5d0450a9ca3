/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_SERVER_H
#define SEALWATCH_SERVER_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct server {
	pid_t pid;
	/* Ends when the server's program runs, or gives the errno for which it does not. */
	int started;
	/* The descriptor of filter_install; -1 where the server is not under a filter. */
	int listener;
};

/*
 * Starts a program as a child that dies with this process, with standard input, output and error as they are and
 * the signal mask `mask`. Returns 0 or -errno, which is about the fork and the filter.
 */
int server_start(struct server *server, bool filtered, char *const argv[], const char *path, const sigset_t *mask);

#endif
