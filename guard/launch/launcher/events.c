// SPDX-License-Identifier: Apache-2.0
#include "events.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* A path whose every byte is escaped, and what is around it. */
#define MAX_LINE_BYTES (PATH_MAX * 6 + 512)

static const struct {
	const char *code;
	const char *reason;
} refusals[] = {
	[REFUSED_CHANGED] = { "changed", "its content is not what was approved" },
	[REFUSED_UNLISTED] = { "unlisted", "it is not among the approved files" },
	[REFUSED_LINK] = { "link", "a link on its way is not the approved one" },
	[REFUSED_PROGRAM] = { "program", "the program is neither approved nor the system's" },
	[REFUSED_OPAQUE] = { "opaque", "the process that asked for it cannot be looked into" },
};

static int send_all(const char *bytes, size_t length)
{
	ssize_t n;

	while (length) {
		n = send(CONTROL_FD, bytes, length, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		length -= n;
	}
	return 0;
}

/* Writes a path as the inside of a JSON string; `into` holds MAX_LINE_BYTES. */
static void escape(char *into, const char *path)
{
	size_t left = PATH_MAX;

	for (; *path && left--; path++) {
		if (*path == '"' || *path == '\\')
			into += sprintf(into, "\\%c", *path);
		else if ((unsigned char)*path < 0x20)
			into += sprintf(into, "\\u%04x", (unsigned char)*path);
		else
			*into++ = *path;
	}
	*into = 0;
}

static int say(const char *line, int length)
{
	return length < 0 || length >= MAX_LINE_BYTES ? -EMSGSIZE : send_all(line, length);
}

int event_started(pid_t pid)
{
	char line[MAX_LINE_BYTES];

	return say(line, snprintf(line, sizeof(line), "{\"event\":\"started\",\"pid\":%d}\n", pid));
}

int event_exec(pid_t pid, const char *path)
{
	char line[MAX_LINE_BYTES], text[MAX_LINE_BYTES];

	escape(text, path);
	return say(line, snprintf(line, sizeof(line), "{\"event\":\"exec\",\"pid\":%d,\"path\":\"%s\"}\n", pid, text));
}

int event_refused(pid_t pid, const char *path, enum refusal refusal)
{
	char line[MAX_LINE_BYTES], text[MAX_LINE_BYTES];

	escape(text, path);
	return say(line, snprintf(line, sizeof(line),
				  "{\"event\":\"refused\",\"pid\":%d,\"path\":\"%s\",\"code\":\"%s\",\"reason\":\"%s\"}\n",
				  pid, text, refusals[refusal].code, refusals[refusal].reason));
}

int event_exited(int status)
{
	char line[MAX_LINE_BYTES];
	const char *how = WIFSIGNALED(status) ? "signal" : "code";
	int value = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);

	return say(line, snprintf(line, sizeof(line), "{\"event\":\"exited\",\"%s\":%d}\n", how, value));
}

int event_ended(void)
{
	static const char line[] = "{\"event\":\"ended\"}\n";

	return send_all(line, sizeof(line) - 1);
}

int event_not_run(int error)
{
	char line[MAX_LINE_BYTES];

	return say(line, snprintf(line, sizeof(line), "{\"event\":\"not_run\",\"errno\":%d,\"text\":\"%s\"}\n", error,
				  strerror(error)));
}

int event_error(const char *reason, int error)
{
	char line[MAX_LINE_BYTES];

	return say(line, snprintf(line, sizeof(line), "{\"event\":\"error\",\"reason\":\"%s\",\"errno\":%d,\"text\":\"%s\"}\n",
				  reason, error, strerror(error)));
}
