// SPDX-License-Identifier: Apache-2.0
#include "message-keys.h"

#include <string.h>

static int hex(unsigned char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The next character of a key; anything that is no plain letter is 0. */
static unsigned char letter(const unsigned char *bytes, size_t length, size_t *at)
{
	unsigned int point = 0;
	size_t i;

	if (bytes[*at] != '\\')
		return bytes[(*at)++];
	if (length - *at < 6 || bytes[*at + 1] != 'u') {
		*at += 2;
		return 0;
	}
	for (i = 2; i < 6; i++) {
		int digit = hex(bytes[*at + i]);

		if (digit < 0)
			point = 0x10000;
		point = point << 4 | (digit & 15);
	}
	*at += 6;
	return point < 0x80 ? point : 0;
}

static bool key_is(const struct message_keys *keys, const char *wanted)
{
	size_t at = 0;

	if (keys->length > KEY_BYTES)
		return false;
	for (; *wanted && at < keys->length; wanted++)
		if (letter(keys->key, keys->length, &at) != *wanted)
			return false;
	return !*wanted && at == keys->length;
}

/* Reads on in a string that may be a key; answers where it stopped. */
static const unsigned char *read_key(struct message_keys *keys, const unsigned char *at, const unsigned char *end)
{
	for (; at < end; at++) {
		if (keys->is_escaped) {
			keys->is_escaped = false;
		} else if (*at == '\\') {
			keys->is_escaped = true;
		} else if (*at == '"') {
			keys->in_string = false;
			return at + 1;
		}
		if (keys->length < KEY_BYTES)
			keys->key[keys->length] = *at;
		if (keys->length <= KEY_BYTES)
			keys->length++;
	}
	return end;
}

#define BLOCK_BYTES 64

/* Without an end of its own, so that the compiler makes few instructions of it. */
static bool is_plain(const unsigned char *block)
{
	unsigned char found = 0;
	int i;

	for (i = 0; i < BLOCK_BYTES; i++)
		found |= (block[i] == '"') | (block[i] == '\\');
	return !found;
}

/* The same of any other string: nearly all bytes of a long message. */
static const unsigned char *skip_text(struct message_keys *keys, const unsigned char *at, const unsigned char *end)
{
	while (at < end) {
		if (keys->is_escaped) {
			keys->is_escaped = false;
			at++;
			continue;
		}
		while (end - at >= BLOCK_BYTES && is_plain(at))
			at += BLOCK_BYTES;
		while (at < end && *at != '"' && *at != '\\')
			at++;
		if (at == end)
			break;
		if (*at++ == '"') {
			keys->in_string = false;
			break;
		}
		keys->is_escaped = true;
	}
	return at;
}

static void open_string(struct message_keys *keys)
{
	keys->in_string = true;
	keys->may_be_key = keys->depth == 1 && keys->is_object;
	keys->length = 0;
}

static void take_key(struct message_keys *keys)
{
	if (!keys->may_be_key)
		return;
	keys->may_be_key = false;
	keys->has_method |= key_is(keys, "method");
	keys->has_answer |= key_is(keys, "result") || key_is(keys, "error");
}

static void take_mark(struct message_keys *keys, unsigned char byte)
{
	switch (byte) {
	case '"':
		open_string(keys);
		return;
	case ':':
		take_key(keys);
		return;
	case '{':
	case '[':
		if (!keys->depth++)
			keys->is_object = byte == '{';
		break;
	case '}':
	case ']':
		if (keys->depth)
			keys->depth--;
		break;
	default:
		return;
	}
	keys->may_be_key = false;
}

void message_keys_push(struct message_keys *keys, const unsigned char *bytes, size_t length)
{
	const unsigned char *at = bytes, *end = bytes + length;

	while (at < end) {
		if (!keys->in_string)
			take_mark(keys, *at++);
		else if (keys->may_be_key)
			at = read_key(keys, at, end);
		else
			at = skip_text(keys, at, end);
	}
}
