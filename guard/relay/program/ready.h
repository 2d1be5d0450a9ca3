/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that are waited for (epoll(7)): a wait costs nothing for those that seldom have anything. */
#ifndef SEALWATCH_READY_H
#define SEALWATCH_READY_H

#include <stdbool.h>
#include <stdint.h>

enum ready {
	READY_CONTROL,
	READY_CLIENT,
	READY_SERVER,
	READY_TO_SERVER,
	READY_TO_CLIENT,
	READY_TIMER,
	READY_COUNT,
};

bool ready_set_up(void);

/*
 * Waits for these events (epoll_ctl(2)) of a descriptor from now on; for none where they are 0. It must be so before the
 * descriptor is closed: others may hold the same file open, and then it is not forgotten by that.
 */
bool ready_want(enum ready who, int fd, uint32_t events);

/* Waits; answers a bit for each that has something, or -errno. */
int ready_wait(void);

#endif
