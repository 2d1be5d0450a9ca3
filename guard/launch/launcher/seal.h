/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_SEAL_H
#define SEALWATCH_SEAL_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/*
 * What was approved, by path: the table that each open and each exec is looked up in. Its keys come from
 * an approval, never from who attacks one, so that nobody can choose keys that collide.
 */

#define DIGEST_BYTES 32
/* A bound for the guard's list; inventory/limits.ts allows less. */
#define SEAL_MAX_ENTRIES (4 * 1024 * 1024)

enum seal_flag {
	/* A file with a digest. */
	SEAL_LISTED = 1 << 0,
	/* A name that must lead to a listed file. */
	SEAL_NAME = 1 << 1,
	/* A directory below which only listed files may be read. */
	SEAL_TREE = 1 << 2,
	/* What a tree's digest leaves out, and all below it. */
	SEAL_EXEMPT = 1 << 3,
	/* A directory above one of the others: no link may take its place. */
	SEAL_WAY = 1 << 4,
	/* A link on the way of a name: it must lead where it led when the list came. */
	SEAL_PINNED = 1 << 5,
	/* The directory of a listed file: modules are looked for beside it. */
	SEAL_HOME = 1 << 6,
};

/* What cannot stay the same when a file's content changes: a program cannot set ctime. */
struct identity {
	__u64 dev;
	__u64 ino;
	__u64 size;
	__u64 mtime_ns;
	__u64 ctime_ns;
};

struct seal_entry {
	struct seal_entry *next;
	__u64 hash;
	unsigned int flags;
	bool has_identity;
	struct identity identity;
	unsigned char digest[DIGEST_BYTES];
	/* Of a pinned link: its text. */
	char *target;
	char path[];
};

struct seal;

struct seal *seal_new(void);
void seal_free(struct seal *seal);

/* Adds flags to a path, which is absolute and shorter than PATH_MAX; NULL where memory or the bound is reached. */
struct seal_entry *seal_add(struct seal *seal, const char *path, unsigned int flags);

/* Marks the directories above a path as SEAL_WAY, and the first of them with `flags` too; 0 or -errno. */
int seal_add_ways(struct seal *seal, const char *path, unsigned int flags);

/* NULL where the path has no entry. */
const struct seal_entry *seal_find(const struct seal *seal, const char *path);

/* Calls `visit` with each entry that has all the flags, until it returns other than 0. It may add entries. */
int seal_each(struct seal *seal, unsigned int flags, int (*visit)(struct seal *seal, struct seal_entry *entry));

/* Whether a path is a tree or lies below one, and is not exempt. */
bool seal_in_tree(const struct seal *seal, const char *path);

struct identity identity_of(const struct stat *stat);
bool same_identity(const struct identity *a, const struct identity *b);

#endif
