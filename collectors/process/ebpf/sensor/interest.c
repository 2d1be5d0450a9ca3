// SPDX-License-Identifier: Apache-2.0
#include "interest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Words that may stand before the command itself, as ../../../../agent/enrich/launch-match.ts has it. */
#define PREFIX_WORDS 4

struct launch {
	const char *command; /* the last part of its path */
	const char *last;    /* word of the argument vector; empty for any */
};

static struct {
	char *text;
	struct launch *launches;
	size_t count;
} known;

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int interest_set(const unsigned char *command, size_t length)
{
	size_t bytes = length - sizeof(struct sensor_header), words = 0, i;
	char *text = malloc(bytes + 1), *at;
	struct launch *launches;

	if (!text)
		return 0;
	memcpy(text, command + sizeof(struct sensor_header), bytes);
	for (i = 0; i < bytes; i++)
		words += !text[i];
	launches = calloc(words / 2 + 1, sizeof(*launches));
	if (!launches || words % 2 || (bytes && text[bytes - 1])) {
		free(text);
		free(launches);
		return launches ? -EPROTO : 0;
	}
	free(known.text);
	free(known.launches);
	known.text = text;
	known.launches = launches;
	known.count = words / 2;
	for (i = 0, at = text; i < known.count; i++) {
		launches[i].command = at;
		at += strlen(at) + 1;
		launches[i].last = at;
		at += strlen(at) + 1;
	}
	return 0;
}

static bool is_launch(const struct launch *launch, const char *const *first, size_t count, const char *last)
{
	size_t i;

	if (*launch->last && strcmp(launch->last, last))
		return false;
	if (!*launch->command)
		return true;
	for (i = 0; i < count; i++)
		if (!strcmp(base_name(first[i]), launch->command))
			return true;
	return false;
}

/* npm and npx name their own process so, in one word: "npm exec PACKAGE". */
static bool is_title(const char *word)
{
	return !strncmp(word, "npm exec ", 9);
}

bool interest_in(const struct sensor_exec *exec)
{
	const char *argv = (const char *)(exec + 1) + exec->filename_bytes + exec->exe_bytes + exec->cwd_bytes;
	const char *first[PREFIX_WORDS], *end = argv + exec->argv_bytes, *at, *last = "";
	size_t count = 0, i;

	/* Cut arguments, or the last one without its end: any launch could be meant. */
	if (!exec->argv_bytes || end[-1])
		return exec->argv_bytes > 0;
	for (at = argv; at < end; at += strlen(at) + 1) {
		if (count < PREFIX_WORDS)
			first[count++] = at;
		last = at;
	}
	if (is_title(first[0]))
		return true;
	for (i = 0; i < known.count; i++)
		if (is_launch(&known.launches[i], first, count, last))
			return true;
	return false;
}
