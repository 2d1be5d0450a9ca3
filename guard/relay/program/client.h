/* SPDX-License-Identifier: Apache-2.0 */
/* What comes from the client: calls that need no decision pass, all else goes to the guard. */
#ifndef SEALWATCH_CLIENT_H
#define SEALWATCH_CLIENT_H

#include "sink.h"
#include "source.h"

/* Milliseconds that passed lines wait to be told together: the guard's work for them must not hold up the next call. */
#define PASSED_MS 40

extern struct source client;

/* Before all others; false where there is no timer. */
bool client_set_up(void);

/* Readable when passed lines are to be told. */
int client_timer(void);

/* Calls of the tools in names.h pass for so long. */
void client_open(uint32_t lease_ms);
void client_renew(uint32_t lease_ms);
void client_close(void);

/* Moves what was read as far as it can go. */
void client_pump(struct sink *to_server);

/* Tells the lines that were passed; when the timer says so, as well. */
void client_tell_passed(void);

/* The guard has taken so many bytes of them; -EPROTO where they were not so many. */
int client_passed_taken(uint32_t bytes);

#endif
