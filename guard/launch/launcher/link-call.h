/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_LINK_CALL_H
#define SEALWATCH_LINK_CALL_H

#include "answer.h"

/* Answers a readlink, whose path was taken from the thread, into `room` bytes at an address of the thread. */
void readlink_call_answer(struct call *call, __u64 address, __u64 room);

/* Answers a chdir, whose path was taken from the thread. */
void chdir_call_answer(struct call *call);

/* Answers a getcwd into `room` bytes at an address of the thread. */
void getcwd_call_answer(const struct call *call, __u64 address, __u64 room);

#endif
