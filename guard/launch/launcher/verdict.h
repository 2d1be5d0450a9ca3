/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_VERDICT_H
#define SEALWATCH_VERDICT_H

#include "events.h"
#include "place.h"

/* What becomes of an open for reading. */
enum verdict {
	/* Nothing that was approved is concerned: the kernel carries it out. */
	VERDICT_PASS,
	/* A listed file: its content, once it has the digest. */
	VERDICT_CONTENT,
	/* No listed file, but its path must not be walked again: what was found is handed on. */
	VERDICT_HAND,
	/* As if it were not there. */
	VERDICT_ABSENT,
	/* Nothing that could be handed on. */
	VERDICT_DENY,
	VERDICT_REFUSE,
};

/* The digest that a place must have; NULL where it has none. */
const unsigned char *verdict_digest(const struct seal *seal, const struct place *place);

/* Whether only a listed file may lie there, by how it was asked for, by where it lies or by how it was reached. */
bool verdict_needs_listed(const struct seal *seal, const struct place *place);

/* `settled` once the server has answered: what it reads then beside its files may be anything. */
enum verdict verdict_of_read(const struct seal *seal, const struct place *place, bool settled);

#endif
