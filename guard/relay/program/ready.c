// SPDX-License-Identifier: Apache-2.0
#include "ready.h"

#include <errno.h>
#include <sys/epoll.h>

static int epoll = -1;
static uint32_t wanted[READY_COUNT];

bool ready_set_up(void)
{
	epoll = epoll_create1(EPOLL_CLOEXEC);
	return epoll >= 0;
}

bool ready_want(enum ready who, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u32 = who };
	int change = !events ? EPOLL_CTL_DEL : wanted[who] ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (events == wanted[who])
		return true;
	wanted[who] = events;
	return !epoll_ctl(epoll, change, fd, &event);
}

int ready_wait(void)
{
	struct epoll_event events[READY_COUNT];
	int count = epoll_wait(epoll, events, READY_COUNT, -1), bits = 0, i;

	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	for (i = 0; i < count; i++)
		bits |= 1 << events[i].data.u32;
	return bits;
}
