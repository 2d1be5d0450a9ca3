// SPDX-License-Identifier: Apache-2.0
/*
 * judge-lines call NAME…: for each line of standard input 1 where it is a call that is free to pass, else 0.
 * judge-lines keys STEP: for each line, pushed STEP bytes at a time, 1 for an answer, 2 for a method, 3 for both, else 0.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "free-call.h"
#include "message-keys.h"
#include "names.h"

static unsigned char names[1 << 16];

static size_t pack(char **words, int count)
{
	size_t at = 0;
	int i;

	for (i = 0; i < count; i++) {
		size_t length = strlen(words[i]);

		names[at++] = length & 0xff;
		names[at++] = length >> 8;
		memcpy(names + at, words[i], length);
		at += length;
	}
	return at;
}

static int keys_of(const unsigned char *line, size_t length, size_t step)
{
	struct message_keys keys = {};
	size_t at;

	for (at = 0; at < length; at += step)
		message_keys_push(&keys, line + at, length - at < step ? length - at : step);
	return keys.has_answer | keys.has_method << 1;
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	int calls = !strcmp(argv[1], "call");

	if (calls && names_replace(names, pack(argv + 2, argc - 2)))
		return 2;
	while ((length = getline(&line, &room, stdin)) > 0) {
		/* Of its very size, so that whoever reads past it is found out. */
		unsigned char *copy = malloc(length);

		memcpy(copy, line, length);
		putchar('0' + (calls ? is_free_call(copy, length) : keys_of(copy, length, atoi(argv[2]))));
		free(copy);
	}
	free(line);
	return 0;
}
