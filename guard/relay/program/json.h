/* SPDX-License-Identifier: Apache-2.0 */
/* A strict reader of JSON (RFC 8259) in one line. What it is not sure about, it refuses. */
#ifndef SEALWATCH_JSON_H
#define SEALWATCH_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct reader {
	const unsigned char *at;
	const unsigned char *end;
};

/* A string without its quotes, as it stands there. */
struct text {
	const unsigned char *bytes;
	size_t length;
	bool is_escaped;
};

/* Each reads on past what it names; false where something else stands there. Spaces before it are skipped. */
bool read_byte(struct reader *reader, unsigned char byte);
bool read_string(struct reader *reader, struct text *text);
bool read_number(struct reader *reader);
/* Any value, up to 60 deep. */
bool read_value(struct reader *reader);

/* The byte that comes next after spaces; 0 at the end. */
unsigned char next_byte(struct reader *reader);

bool text_is(const struct text *text, const char *wanted);

#endif
