/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_PLACE_H
#define SEALWATCH_PLACE_H

#include <linux/types.h>
#include <sys/types.h>

#include "walk.h"

/* A path as a thread gave it to a call. */
struct asked {
	pid_t tid;
	int directory;
	char path[PATH_MAX];
	bool follow_last;
	/* As of openat2(2). */
	__u64 resolve;
};

/* The directory that the server started in: it keeps the name that was approved, wherever it is moved. */
void place_keep_cwd(const char *path, const struct stat *stat);

/* The kept name where the thread stands in that directory, else NULL. */
const char *place_kept_cwd(pid_t tid);

/*
 * Finds where a path leads, as it would lead the thread that asked. Returns 0, WALK_MOVED, or -errno; `asked`,
 * `obliged`, `held` and `foreign` are filled in in any case. The caller closes the handle.
 */
int place_find(const struct seal *seal, const struct asked *asked, struct place *place);

/* The path that a link's text means, seen from where the link lies; 0 or -errno. */
int place_beside(const struct place *link, const char *text, char path[PATH_MAX]);

/* Whether what lies there is the system's: only root can have written it, or put it where it lies. */
bool place_is_system(const struct place *place);

#endif
