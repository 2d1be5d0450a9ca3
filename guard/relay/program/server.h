/* SPDX-License-Identifier: Apache-2.0 */
/* What comes from the server: answers that nobody looks at pass, all else goes to the guard. */
#ifndef SEALWATCH_SERVER_H
#define SEALWATCH_SERVER_H

#include "sink.h"
#include "source.h"

extern struct source server;

/* Whether the guard looks at every line. */
void server_watch(bool is_watched);

/* Moves what was read as far as it can go. */
void server_pump(struct sink *to_client);

/* Puts bytes of the guard's in, now or after the answer that is being passed. */
void server_insert(struct sink *to_client, const unsigned char *bytes, size_t length);

#endif
