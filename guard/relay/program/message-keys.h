/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the keys that matter stand in a JSON object itself, in bytes that may come in pieces. It checks no grammar, as
 * the guard's own does not (guard/frames/top-level-keys.ts): what it says of text that is no JSON means nothing.
 */
#ifndef SEALWATCH_MESSAGE_KEYS_H
#define SEALWATCH_MESSAGE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a key, with its escapes, that are kept: each letter of `method` may stand there in six. */
#define KEY_BYTES 48

struct message_keys {
	bool has_method;
	/* `result` or `error` */
	bool has_answer;
	/* 0 outside. */
	uint64_t depth;
	bool in_string;
	bool is_escaped;
	/* The string that is being read, or was read last, may be a key of the message. */
	bool may_be_key;
	/* Whether the message itself is an object. */
	bool is_object;
	/* Of the string that may be a key; more than KEY_BYTES where it is longer than is kept. */
	size_t length;
	unsigned char key[KEY_BYTES];
};

void message_keys_push(struct message_keys *keys, const unsigned char *bytes, size_t length);

#endif
