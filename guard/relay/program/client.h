/* SPDX-License-Identifier: Apache-2.0 */
/* What comes from the client: calls that need no decision pass, all else goes to the guard. */
#ifndef SEALWATCH_CLIENT_H
#define SEALWATCH_CLIENT_H

#include "sink.h"
#include "source.h"

/*
 * While calls flow, the guard is told so in this many milliseconds, and of the calls themselves only after so many times,
 * or once they pause: on a busy machine its work for them would hold up those that come meanwhile.
 */
#define TICK_MS 40
#define PASSED_TICKS 6

extern struct source client;

/* Before all others; false where there is no timer. */
bool client_set_up(void);

/* When it is readable, client_tick is due. */
int client_timer(void);
void client_tick(void);

/* Calls of the tools in names.h pass for so long. */
void client_open(uint32_t lease_ms);
void client_renew(uint32_t lease_ms);
void client_close(void);

/* Moves what was read as far as it can go. */
void client_pump(struct sink *to_server);

/* Tells the lines that were passed. */
void client_tell_passed(void);

/* The guard has taken so many bytes of them; -EPROTO where they were not so many. */
int client_passed_taken(uint32_t bytes);

#endif
