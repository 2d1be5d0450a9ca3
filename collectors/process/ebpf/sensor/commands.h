/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_COMMANDS_H
#define SEALWATCH_COMMANDS_H

#include "programs.h"

/* Answers a ping once everything that happened before it is written. */
typedef int (*ping_answer)(const struct sensor_ping *ping);

/* Reads what the parent sent on stdin and does it; 1 at its end, else 0 or a negative errno. */
int commands_read(struct programs *programs, ping_answer answer);

#endif
