// SPDX-License-Identifier: Apache-2.0
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process.h"

static struct {
	char path[PATH_MAX];
	dev_t dev;
	ino_t ino;
} kept;

/* Paths by which a thread names itself: in the hands of another process they name that one. */
static const struct {
	const char *path;
	const char *meant;
} own[] = {
	{ "/proc/self", "/proc/%d" },
	{ "/proc/thread-self", "/proc/%1$d/task/%1$d" },
	{ "/dev/fd", "/proc/%d/fd" },
	{ "/dev/stdin", "/proc/%d/fd/0" },
	{ "/dev/stdout", "/proc/%d/fd/1" },
	{ "/dev/stderr", "/proc/%d/fd/2" },
};

void place_keep_cwd(const char *path, const struct stat *stat)
{
	strcpy(kept.path, path);
	kept.dev = stat->st_dev;
	kept.ino = stat->st_ino;
}

static const char *kept_path(int handle)
{
	struct stat stat;

	if (!kept.path[0] || fstat(handle, &stat) || stat.st_dev != kept.dev || stat.st_ino != kept.ino)
		return NULL;
	return kept.path;
}

const char *place_kept_cwd(pid_t tid)
{
	int handle = process_open(tid, "cwd");
	const char *path = handle < 0 ? NULL : kept_path(handle);

	if (handle >= 0)
		close(handle);
	return path;
}

/* Takes `.` and `..` out of an absolute path by its text; where `..` follows a link, the walk decides. */
static void normalise(char path[PATH_MAX])
{
	char *from = path, *to = path, *end;

	while (*from) {
		from += strspn(from, "/");
		end = from + strcspn(from, "/");
		if (end - from == 2 && !strncmp(from, "..", 2)) {
			while (to > path && *--to != '/')
				;
		} else if (end > from && !(end - from == 1 && *from == '.')) {
			*to++ = '/';
			memmove(to, from, end - from);
			to += end - from;
		}
		from = end;
	}
	if (to == path)
		*to++ = '/';
	*to = 0;
}

static int open_base(const struct asked *asked)
{
	char name[32];

	if (asked->directory == AT_FDCWD)
		return process_open(asked->tid, "cwd");
	snprintf(name, sizeof(name), "fd/%d", asked->directory);
	return asked->directory < 0 ? -EBADF : process_open(asked->tid, name);
}

/* Makes an absolute path of a relative one. */
static int on_base(const struct asked *asked, int base, char path[PATH_MAX])
{
	const char *name = kept_path(base);
	int err = name ? 0 : path_of(base, path);
	size_t length;

	if (err)
		return err;
	if (name)
		strcpy(path, name);
	length = strlen(path);
	if (!asked->path[0])
		return 0;
	if (length + 1 + strlen(asked->path) >= PATH_MAX)
		return -ENAMETOOLONG;
	path[length] = '/';
	strcpy(path + length + 1, asked->path);
	return 0;
}

/* Where a path names the thread itself, what it means to others; else false. */
static bool mean(pid_t tid, const char *path, char meant[PATH_MAX])
{
	size_t i, length;

	for (i = 0; i < sizeof(own) / sizeof(*own); i++) {
		length = strlen(own[i].path);
		if (strncmp(path, own[i].path, length) || (path[length] && path[length] != '/'))
			continue;
		snprintf(meant, PATH_MAX, own[i].meant, tid);
		if (strlen(meant) + strlen(path + length) < PATH_MAX)
			strcat(meant, path + length);
		return true;
	}
	return false;
}

/* Lets the kernel walk; 0 or -errno. */
static int open_place(int base, const char *path, const struct asked *asked, __u64 resolve, struct place *place)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | (asked->follow_last ? 0 : O_NOFOLLOW),
		/* The answer may have to come from the disk. */
		.resolve = (asked->resolve & ~(__u64)RESOLVE_CACHED) | resolve,
	};

	place->handle = syscall(SYS_openat2, base, path, &how, sizeof(how));
	if (place->handle < 0)
		return -errno;
	return fstat(place->handle, &place->stat) ? -errno : path_of(place->handle, place->path);
}

/*
 * In another root, or among other mounts, only the end of a path is looked at. A process gets there by code that was
 * approved, or by a program of the system.
 */
static int find_foreign(const struct asked *asked, int base, struct place *place)
{
	int root = -1, err;

	place->foreign = true;
	if (asked->path[0] == '/' && base == AT_FDCWD) {
		root = process_open(asked->tid, "root");
		if (root < 0)
			return root;
		base = root;
	}
	err = open_place(base, asked->path, asked, root < 0 ? 0 : RESOLVE_IN_ROOT, place);
	if (root >= 0)
		close(root);
	return err;
}

/* An empty path means its base, which was opened by an earlier call. */
static int find_base(int base, struct place *place)
{
	place->handle = fcntl(base, F_DUPFD_CLOEXEC, 0);
	if (place->handle < 0 || fstat(place->handle, &place->stat))
		return -errno;
	return path_of(place->handle, place->path);
}

static bool is_sealed(const struct seal *seal, const char *path)
{
	return seal_find(seal, path) || seal_in_tree(seal, path);
}

static int find(const struct seal *seal, const struct asked *asked, int base, struct place *place)
{
	char text[PATH_MAX], meant[PATH_MAX];
	bool is_kept = base >= 0 && kept_path(base), is_own, is_plain, is_foreign;
	int err = 0;

	if (asked->path[0] == '/')
		strcpy(text, asked->path);
	else
		err = on_base(asked, base, text);
	if (err)
		return err;
	strcpy(place->asked, text);
	normalise(place->asked);
	if (!asked->path[0])
		return find_base(base, place);
	if (asked->resolve & RESOLVE_IN_ROOT)
		return find_foreign(asked, base, place);
	is_own = mean(asked->tid, text, meant);
	/* The text of a directory that was moved away is the one that counts. */
	err = open_place(base, is_own ? meant : is_kept ? text : asked->path, asked, 0, place);
	/* Without links on its way a path is what its text says. */
	is_plain = !err && !strcmp(place->asked, place->path);
	if (is_own || (is_plain && !is_sealed(seal, place->path)))
		return err;
	/* Only of what is approved it matters who asked for it. */
	is_foreign = !process_shares_root(asked->tid);
	if (is_plain && !is_foreign)
		return 0;
	if (place->handle >= 0)
		close(place->handle);
	place->handle = -1;
	if (is_foreign)
		return find_foreign(asked, base, place);
	if (!err || err == -ENOENT || err == -ENOTDIR || err == -ELOOP)
		err = walk(seal, text, asked->follow_last, place);
	if (err != WALK_MAGIC)
		return err;
	/* Whose it is decides where it leads. */
	place->foreign = true;
	place->held = place->obliged = false;
	return open_place(base, asked->path, asked, 0, place);
}

int place_find(const struct seal *seal, const struct asked *asked, struct place *place)
{
	bool is_whole = asked->path[0] == '/' && !(asked->resolve & RESOLVE_IN_ROOT);
	int base = is_whole ? AT_FDCWD : open_base(asked), err;

	place->handle = -1;
	place->asked[0] = place->path[0] = 0;
	place->obliged = place->held = place->foreign = false;
	if (base < 0 && base != AT_FDCWD)
		return base;
	err = find(seal, asked, base, place);
	if (base >= 0)
		close(base);
	if (err && place->handle >= 0) {
		close(place->handle);
		place->handle = -1;
	}
	return err;
}

int place_beside(const struct place *link, const char *text, char path[PATH_MAX])
{
	size_t length = text[0] == '/' ? 0 : strrchr(link->path, '/') - link->path + 1;

	if (length + strlen(text) >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(path, link->path, length);
	strcpy(path + length, text);
	return 0;
}

static bool is_roots(const struct stat *stat, mode_t writable)
{
	return stat->st_uid == 0 && !(stat->st_mode & writable);
}

/*
 * A directory may be writable by a group of root's choice (Debian's /usr/local by `staff`): what root owns in it is
 * nevertheless what root wrote. In one that all may write to, root's files may be others' choice.
 */
bool place_is_system(const struct place *place)
{
	char path[PATH_MAX], *slash;
	struct stat stat;

	if (!is_roots(&place->stat, S_IWGRP | S_IWOTH) || !place->stat.st_nlink || place->path[0] != '/')
		return false;
	strcpy(path, place->path);
	if (lstat(path, &stat) || stat.st_dev != place->stat.st_dev || stat.st_ino != place->stat.st_ino)
		return false;
	while ((slash = strrchr(path, '/'))) {
		*slash = 0;
		if (lstat(path[0] ? path : "/", &stat) || !S_ISDIR(stat.st_mode) || !is_roots(&stat, S_IWOTH))
			return false;
	}
	return true;
}
