/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_WALK_H
#define SEALWATCH_WALK_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "seal.h"

/* Where a path led. */
struct place {
	/* What lies there (O_PATH); -1 where nothing does. */
	int handle;
	struct stat stat;
	/* The path as it was asked for: absolute, without `.` and `..`. */
	char asked[PATH_MAX];
	/* Where it lies: absolute, without links. */
	char path[PATH_MAX];
	/* On its way is a link of a tree: only a listed file may lie at its end. */
	bool obliged;
	/* On its way is a link that counts: the path must not be walked a second time. */
	bool held;
	/* Paths mean something else to who asked: another root, or other mounts. */
	bool foreign;
};

enum {
	/* A link that leads elsewhere than it did, or stands where none was. */
	WALK_MOVED = 1,
	/* A link of proc(5), which leads where its text does not say. */
	WALK_MAGIC = 2,
};

/*
 * Walks an absolute path step by step as the kernel does, and looks at each link on its way. Fills in handle, stat,
 * path, obliged and held. Returns 0, a WALK_ code, or -errno. The caller closes the handle.
 */
int walk(const struct seal *seal, const char *path, bool follow_last, struct place *place);

/*
 * Walks each name of a list, pins the links on its way and marks its directories. Returns 0, WALK_MOVED where a name
 * leads neither to a listed file nor to a directory of a tree (then `refused` is it), or -errno.
 */
int walk_pin(struct seal *seal, char refused[PATH_MAX]);

#endif
