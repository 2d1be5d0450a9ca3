// SPDX-License-Identifier: Apache-2.0
#include <stdbool.h>
#include <string.h>

#include "environment.h"

#define MAX_VALUE_BYTES 512

/* ld.so(8), and what the manuals of the interpreters say is run or loaded before their program. */
static const char *const loaders[] = {
	"LD_PRELOAD",	   "LD_AUDIT",	   "LD_LIBRARY_PATH", "NODE_OPTIONS",	  "NODE_PATH",
	"PYTHONPATH",	   "PYTHONHOME",   "PYTHONSTARTUP",   "PYTHONINSPECT",	  "PERL5OPT",
	"PERL5LIB",	   "PERL5DB",	   "RUBYOPT",	      "RUBYLIB",	  "BASH_ENV",
	"ENV",		   "ZDOTDIR",	   "PROMPT_COMMAND",  "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS",
	"JDK_JAVA_OPTIONS", "GIT_SSH_COMMAND", "GIT_EXTERNAL_DIFF", "DOTNET_STARTUP_HOOKS", "PHPRC",
	"LUA_INIT",	   "GCONV_PATH",   "BUN_OPTIONS",
};

static bool is_loader(const char *variable, size_t bytes)
{
	const char *end = memchr(variable, '=', bytes);
	size_t name = end ? (size_t)(end - variable) : bytes;
	size_t i;

	for (i = 0; i < sizeof(loaders) / sizeof(*loaders); i++)
		if (name == strlen(loaders[i]) && !memcmp(variable, loaders[i], name))
			return true;
	return false;
}

/* Returns the bytes that were kept. */
static size_t keep_loaders(const char *environ, size_t bytes, char *into)
{
	const char *at = environ, *end = environ + bytes, *next;
	size_t kept = 0, length;

	for (; at < end; at = next) {
		next = memchr(at, 0, end - at);
		length = next ? next - at : end - at;
		next = next ? next + 1 : end;
		if (!is_loader(at, length))
			continue;
		if (length > MAX_VALUE_BYTES)
			length = MAX_VALUE_BYTES;
		memcpy(into + kept, at, length);
		into[kept + length] = 0;
		kept += length + 1;
	}
	return kept;
}

size_t copy_without_environment(const void *record, size_t length, void *into)
{
	struct sensor_exec exec;
	size_t before;

	if (length < sizeof(exec))
		return 0;
	memcpy(&exec, record, sizeof(exec));
	if (exec.environ_bytes > length - sizeof(exec))
		return 0;
	before = length - exec.environ_bytes;
	memcpy(into, record, before);
	exec.environ_bytes = keep_loaders((const char *)record + before, exec.environ_bytes,
					  (char *)into + before);
	exec.header.length = before + exec.environ_bytes;
	memcpy(into, &exec, sizeof(exec));
	return exec.header.length;
}
