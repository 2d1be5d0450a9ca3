// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include <stdint.h>
#include <string.h>

/* A level is a bit of 64. */
#define MAX_DEPTH 60

/*
 * A carriage return is space, too, but some readers end a line at one: what stands behind it would be a message of its
 * own to them.
 */
unsigned char next_byte(struct reader *reader)
{
	while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t'))
		reader->at++;
	return reader->at < reader->end ? *reader->at : 0;
}

bool read_byte(struct reader *reader, unsigned char byte)
{
	if (next_byte(reader) != byte)
		return false;
	reader->at++;
	return true;
}

static bool is_hex(unsigned char byte)
{
	return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

/* What follows a backslash. */
static bool read_escape(struct reader *reader)
{
	size_t left = reader->end - reader->at, i;

	if (!left)
		return false;
	if (*reader->at != 'u') {
		bool known = *reader->at && strchr("\"\\/bfnrt", *reader->at);

		reader->at++;
		return known;
	}
	if (left < 5)
		return false;
	for (i = 1; i < 5; i++)
		if (!is_hex(reader->at[i]))
			return false;
	reader->at += 5;
	return true;
}

/* Some readers end a line at these, too: U+0085, U+2028, U+2029. */
static bool ends_line(uint32_t point)
{
	return point == 0x85 || point == 0x2028 || point == 0x2029;
}

/* One character of more than one byte (RFC 3629). */
static bool read_character(struct reader *reader)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = *reader->at;
	size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2, i;
	uint32_t point = first & (0xff >> (size + 1));

	if (first < 0xc2 || first > 0xf4 || (size_t)(reader->end - reader->at) < size)
		return false;
	for (i = 1; i < size; i++) {
		if ((reader->at[i] & 0xc0) != 0x80)
			return false;
		point = point << 6 | (reader->at[i] & 0x3f);
	}
	reader->at += size;
	return point >= smallest[size] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff) &&
	       !ends_line(point);
}

bool read_string(struct reader *reader, struct text *text)
{
	if (!read_byte(reader, '"'))
		return false;
	*text = (struct text){ .bytes = reader->at };
	while (reader->at < reader->end) {
		unsigned char byte = *reader->at;

		if (byte == '"') {
			text->length = reader->at++ - text->bytes;
			return true;
		}
		if (byte < 0x20)
			return false;
		if (byte >= 0x80) {
			if (!read_character(reader))
				return false;
			continue;
		}
		reader->at++;
		if (byte != '\\')
			continue;
		text->is_escaped = true;
		if (!read_escape(reader))
			return false;
	}
	return false;
}

static size_t read_digits(struct reader *reader)
{
	const unsigned char *start = reader->at;

	while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
		reader->at++;
	return reader->at - start;
}

/* Right where the reader stands, without spaces before it. */
static bool take(struct reader *reader, unsigned char byte)
{
	if (reader->at == reader->end || *reader->at != byte)
		return false;
	reader->at++;
	return true;
}

bool read_number(struct reader *reader)
{
	next_byte(reader);
	take(reader, '-');
	if (!take(reader, '0') && !read_digits(reader))
		return false;
	if (take(reader, '.') && !read_digits(reader))
		return false;
	if (!take(reader, 'e') && !take(reader, 'E'))
		return true;
	if (!take(reader, '+'))
		take(reader, '-');
	return read_digits(reader) > 0;
}

static bool read_word(struct reader *reader, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length))
		return false;
	reader->at += length;
	return true;
}

static bool read_scalar(struct reader *reader)
{
	struct text text;

	switch (next_byte(reader)) {
	case '"':
		return read_string(reader, &text);
	case 't':
		return read_word(reader, "true");
	case 'f':
		return read_word(reader, "false");
	case 'n':
		return read_word(reader, "null");
	default:
		return read_number(reader);
	}
}

static bool read_key(struct reader *reader)
{
	struct text key;

	return read_string(reader, &key) && read_byte(reader, ':');
}

/* The levels that a reader is in: a bit for each, 1 for an object, the innermost last. */
struct levels {
	uint64_t objects;
	unsigned int depth;
};

/* Reads what may follow a value: the ends of levels and at most one comma. */
static bool read_ends(struct reader *reader, struct levels *levels)
{
	while (levels->depth) {
		bool is_object = levels->objects & 1;

		if (read_byte(reader, ','))
			return !is_object || read_key(reader);
		if (!read_byte(reader, is_object ? '}' : ']'))
			return false;
		levels->depth--;
		levels->objects >>= 1;
	}
	return true;
}

bool read_value(struct reader *reader)
{
	struct levels levels = {};

	do {
		unsigned char byte = next_byte(reader);
		bool is_object = byte == '{';

		if (is_object || byte == '[') {
			if (levels.depth++ == MAX_DEPTH)
				return false;
			levels.objects = levels.objects << 1 | is_object;
			reader->at++;
			if (next_byte(reader) != (is_object ? '}' : ']')) {
				if (is_object && !read_key(reader))
					return false;
				continue;
			}
		} else if (!read_scalar(reader)) {
			return false;
		}
		if (!read_ends(reader, &levels))
			return false;
	} while (levels.depth);
	return true;
}

bool text_is(const struct text *text, const char *wanted)
{
	return !text->is_escaped && text->length == strlen(wanted) && !memcmp(text->bytes, wanted, text->length);
}
