// SPDX-License-Identifier: Apache-2.0
#include "free-call.h"

#include <string.h>

#include "json.h"
#include "names.h"

/* Keys of `params` beside which nothing is looked for; MCP has four. */
#define MAX_PARAMS 16
#define MAX_KEY_BYTES 64

/* The keys that decide what a message asks for; some readers take them in any case (Go's encoding/json). */
static const char *const deciding[] = {
	"jsonrpc", "id", "method", "params", "result", "error", "name", "arguments", "uri",
};

enum {
	HAS_VERSION = 1,
	HAS_ID = 2,
	HAS_METHOD = 4,
	HAS_PARAMS = 8,
	HAS_ALL = 15,
};

/* Whether nobody can take a key of `params` for another: one of plain letters, no deciding one in other case. */
static bool is_clear(const struct text *key)
{
	size_t i;

	if (key->is_escaped || key->length > MAX_KEY_BYTES)
		return false;
	for (i = 0; i < key->length; i++)
		if (key->bytes[i] >= 0x80)
			return false;
	for (i = 0; i < sizeof(deciding) / sizeof(*deciding); i++)
		if (key->length == strlen(deciding[i]) &&
		    !strncasecmp((const char *)key->bytes, deciding[i], key->length))
			return text_is(key, deciding[i]);
	return true;
}

static bool has_key(const struct text *keys, size_t count, const struct text *key)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (keys[i].length == key->length && !memcmp(keys[i].bytes, key->bytes, key->length))
			return true;
	return false;
}

static bool read_free_name(struct reader *reader)
{
	struct text name;

	return read_string(reader, &name) && !name.is_escaped && names_has(name.bytes, name.length);
}

/* An object with the name of a tool that may be called. */
static bool read_params(struct reader *reader)
{
	struct text keys[MAX_PARAMS];
	size_t count = 0;
	bool has_name = false;

	if (!read_byte(reader, '{'))
		return false;
	do {
		struct text *key = &keys[count];

		if (count == MAX_PARAMS || !read_string(reader, key) || !is_clear(key) ||
		    has_key(keys, count, key) || !read_byte(reader, ':'))
			return false;
		count++;
		if (text_is(key, "name")) {
			has_name = true;
			if (!read_free_name(reader))
				return false;
		} else if (!read_value(reader)) {
			return false;
		}
	} while (read_byte(reader, ','));
	return has_name && read_byte(reader, '}');
}

static bool read_exactly(struct reader *reader, const char *wanted)
{
	struct text text;

	return read_string(reader, &text) && text_is(&text, wanted);
}

static bool read_id(struct reader *reader)
{
	struct text text;

	return next_byte(reader) == '"' ? read_string(reader, &text) : read_number(reader);
}

/* Reads one key of the message with its value; answers which, or 0 where it is none that a call has. */
static int read_member(struct reader *reader)
{
	struct text key;

	if (!read_string(reader, &key) || !read_byte(reader, ':'))
		return 0;
	if (text_is(&key, "jsonrpc"))
		return read_exactly(reader, "2.0") ? HAS_VERSION : 0;
	if (text_is(&key, "id"))
		return read_id(reader) ? HAS_ID : 0;
	if (text_is(&key, "method"))
		return read_exactly(reader, "tools/call") ? HAS_METHOD : 0;
	if (text_is(&key, "params"))
		return read_params(reader) ? HAS_PARAMS : 0;
	return 0;
}

bool is_free_call(const unsigned char *line, size_t length)
{
	struct reader reader = { line, line + length };
	int seen = 0;

	if (!length || line[length - 1] != '\n')
		return false;
	reader.end--;
	if (reader.end > line && reader.end[-1] == '\r')
		reader.end--;
	if (!read_byte(&reader, '{'))
		return false;
	do {
		int member = read_member(&reader);

		if (!member || seen & member)
			return false;
		seen |= member;
	} while (read_byte(&reader, ','));
	return seen == HAS_ALL && read_byte(&reader, '}') && !next_byte(&reader) && reader.at == reader.end;
}
