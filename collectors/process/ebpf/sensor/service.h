/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_SERVICE_H
#define SEALWATCH_SERVICE_H

#include <stdbool.h>

/* Words of options that a parent behind a socket may give. */
#define SERVICE_MAX_WORDS 16

/*
 * Takes one connection of the socket that systemd hands over (sd_listen_fds(3)) as stdin and stdout, and reads its
 * first record, SENSOR_OPTIONS: `words` gets the words of it, NULL at the end, behind the name of the program.
 * Returns their number; -EPROTO where the record is none, -ECONNABORTED where the service was stopped meanwhile, or
 * -errno.
 */
int service_accept(char **words);

/* Tells systemd (sd_notify(3)); nothing where it does not listen. */
void service_tell(const char *state);

/* Tells systemd once in a while that the program goes on, where it wants to know (WatchdogSec=). */
void service_alive(void);

/* Whether the service is to end: a signal of systemd. Never where there is no service. */
bool service_stopped(void);

/* Why it ended, for a parent that has neither its exit status nor its stderr. Nothing where there is no service. */
void service_fail(int code, const char *text);

#endif
