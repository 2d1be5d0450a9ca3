// SPDX-License-Identifier: Apache-2.0
#include "verdict.h"

#include <string.h>

#define CACHE "/__pycache__/"

/* Suffixes of what an interpreter loads as a module. */
static const char *const code[] = { ".py", ".pyc", ".so", ".js", ".cjs", ".mjs", ".node", ".ts", ".mts", ".cts" };

static unsigned int flags_of(const struct seal *seal, const char *path)
{
	const struct seal_entry *entry = seal_find(seal, path);

	return entry ? entry->flags : 0;
}

/* What a listed path was replaced with must still have the digest of that path. */
const unsigned char *verdict_digest(const struct seal *seal, const struct place *place)
{
	const struct seal_entry *entry = seal_find(seal, place->asked);

	if (!entry || !(entry->flags & SEAL_LISTED))
		entry = seal_find(seal, place->path);
	return entry && entry->flags & SEAL_LISTED ? entry->digest : NULL;
}

bool verdict_needs_listed(const struct seal *seal, const struct place *place)
{
	return place->obliged || flags_of(seal, place->asked) & SEAL_NAME || seal_in_tree(seal, place->asked) ||
	       seal_in_tree(seal, place->path);
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length > tail && !strcmp(text + length - tail, end);
}

/*
 * Bytecode that Python keeps of a sealed source. Whether it belongs to that source is only in its own header, which
 * whoever writes it chooses: so it counts as absent, and Python compiles the source anew.
 */
static bool is_cached_bytecode(const struct seal *seal, const char *path)
{
	const char *name = strstr(path, CACHE);
	char source[PATH_MAX];
	size_t length;

	if (!name || !ends_with(path, ".pyc"))
		return false;
	length = name - path;
	memcpy(source, path, length);
	source[length] = 0;
	if (seal_in_tree(seal, source))
		return true;
	name += strlen(CACHE);
	source[length++] = '/';
	memcpy(source + length, name, strcspn(name, "."));
	length += strcspn(name, ".");
	strcpy(source + length, ".py");
	return flags_of(seal, source) & SEAL_LISTED;
}

/* Whether a listed file has this path and a suffix: who asks for a module without one finds this file first. */
static bool is_listed_without_suffix(const struct seal *seal, const char *path)
{
	char longer[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(code) / sizeof(*code); i++) {
		if (strlen(path) + strlen(code[i]) >= sizeof(longer))
			continue;
		strcpy(longer, path);
		strcat(longer, code[i]);
		if (flags_of(seal, longer) & SEAL_LISTED)
			return true;
	}
	return false;
}

/*
 * Whether a file lies where modules of a listed script are looked for before others: beside it, or as a package
 * beside it. It could be loaded in the place of what was approved: `json.py` for the library's, `x.so` for `x.py`.
 */
static bool is_module_beside(const struct seal *seal, const char *path)
{
	char directory[PATH_MAX], *slash;
	size_t i;

	strcpy(directory, path);
	slash = strrchr(directory, '/');
	if (slash && !strncmp(slash, "/__init__.", 10)) {
		*slash = 0;
		slash = strrchr(directory, '/');
	}
	if (!slash)
		return false;
	*slash = 0;
	if (!(flags_of(seal, directory) & SEAL_HOME))
		return false;
	for (i = 0; i < sizeof(code) / sizeof(*code); i++)
		if (ends_with(path, code[i]))
			return true;
	return is_listed_without_suffix(seal, path);
}

static bool is_exempt(const struct seal *seal, const struct place *place)
{
	return flags_of(seal, place->path) & SEAL_EXEMPT;
}

enum verdict verdict_of_read(const struct seal *seal, const struct place *place, bool settled)
{
	bool needs_listed = verdict_needs_listed(seal, place);

	if (S_ISDIR(place->stat.st_mode))
		return needs_listed || place->held ? VERDICT_HAND : VERDICT_PASS;
	if (verdict_digest(seal, place))
		return S_ISREG(place->stat.st_mode) ? VERDICT_CONTENT : VERDICT_REFUSE;
	if (is_cached_bytecode(seal, place->path) || is_cached_bytecode(seal, place->asked))
		return VERDICT_ABSENT;
	if (needs_listed)
		return VERDICT_REFUSE;
	if (!settled && !is_exempt(seal, place) && is_module_beside(seal, place->path) && !place_is_system(place))
		return VERDICT_REFUSE;
	if (!place->held)
		return VERDICT_PASS;
	return S_ISREG(place->stat.st_mode) ? VERDICT_HAND : VERDICT_DENY;
}
