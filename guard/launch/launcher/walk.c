// SPDX-License-Identifier: Apache-2.0
#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* As the kernel (MAXSYMLINKS). */
#define MAX_LINKS 40

struct steps {
	const struct seal *seal;
	/* Not NULL where links are pinned, not checked. */
	struct seal *pins;
	struct place *place;
	bool follow_last;
	unsigned int links;
	int directory;
	/* What is to be walked yet. */
	char rest[PATH_MAX];
};

static int root(struct steps *steps)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(steps->directory);
	steps->directory = fd;
	steps->place->path[0] = 0;
	return 0;
}

/* Takes the next name off the rest; false where there is none. */
static bool next(struct steps *steps, char name[NAME_MAX + 2])
{
	char *from = steps->rest + strspn(steps->rest, "/");
	size_t length = strcspn(from, "/");

	if (!length)
		return false;
	/* One byte too many is as wrong to the kernel as any more. */
	memcpy(name, from, length > NAME_MAX ? NAME_MAX + 1 : length);
	name[length > NAME_MAX ? NAME_MAX + 1 : length] = 0;
	memmove(steps->rest, from + length, strlen(from + length) + 1);
	return true;
}

static int up(struct steps *steps)
{
	char *slash = strrchr(steps->place->path, '/');
	int fd = openat(steps->directory, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (slash)
		*slash = 0;
	close(steps->directory);
	steps->directory = fd;
	return 0;
}

static int append(char path[PATH_MAX], const char *name)
{
	size_t used = strlen(path), length = strlen(name);

	if (used + 1 + length >= PATH_MAX)
		return -ENAMETOOLONG;
	path[used] = '/';
	memcpy(path + used + 1, name, length + 1);
	return 0;
}

static int pin(struct steps *steps, const char *path, const char *target)
{
	struct seal_entry *entry = seal_add(steps->pins, path, SEAL_PINNED);

	if (!entry)
		return -ENOMEM;
	if (!entry->target)
		entry->target = strdup(target);
	if (!entry->target)
		return -ENOMEM;
	return strcmp(entry->target, target) ? WALK_MOVED : 0;
}

/* Judges a link on the way; 0, a WALK_ code or -errno. */
static int judge_link(struct steps *steps, const char *path, const char *target)
{
	const struct seal_entry *entry = seal_find(steps->seal, path);
	unsigned int flags = entry ? entry->flags : 0;

	if (!strncmp(path, "/proc/", 6))
		return WALK_MAGIC;
	if (flags & (SEAL_WAY | SEAL_LISTED))
		return WALK_MOVED;
	if (steps->pins)
		return pin(steps, path, target);
	if (flags & SEAL_PINNED) {
		steps->place->held = true;
		return strcmp(entry->target, target) ? WALK_MOVED : 0;
	}
	if (flags & SEAL_NAME || seal_in_tree(steps->seal, path))
		steps->place->held = steps->place->obliged = true;
	return 0;
}

static int follow(struct steps *steps, int link, const char *path)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(link, "", target, sizeof(target) - 1);
	int err;

	if (length < 0)
		return -errno;
	target[length] = 0;
	if (++steps->links > MAX_LINKS)
		return -ELOOP;
	err = judge_link(steps, path, target);
	if (err)
		return err;
	if (target[0] == '/') {
		err = root(steps);
		if (err)
			return err;
	}
	if (length + strlen(steps->rest) >= PATH_MAX)
		return -ENAMETOOLONG;
	memmove(steps->rest + length, steps->rest, strlen(steps->rest) + 1);
	memcpy(steps->rest, target, length);
	return 0;
}

/* Marks what a name goes through, and what it lacks: no link may take its place. */
static int mark(struct steps *steps, const char *path)
{
	return !steps->pins || seal_add(steps->pins, path, SEAL_WAY) ? 0 : -ENOMEM;
}

static int step(struct steps *steps, const char *name)
{
	char path[PATH_MAX];
	struct stat stat;
	int fd, err;

	strcpy(path, steps->place->path);
	err = append(path, name);
	if (err)
		return err;
	fd = openat(steps->directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		return mark(steps, path) ?: err;
	}
	if (fstat(fd, &stat)) {
		err = -errno;
	} else if (S_ISLNK(stat.st_mode) && (steps->follow_last || steps->rest[0])) {
		err = follow(steps, fd, path);
	} else {
		close(steps->directory);
		steps->directory = fd;
		steps->place->stat = stat;
		strcpy(steps->place->path, path);
		return S_ISDIR(stat.st_mode) ? mark(steps, path) : 0;
	}
	close(fd);
	return err;
}

static int walk_all(struct steps *steps, const char *path)
{
	char name[NAME_MAX + 2];
	int err;

	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(steps->rest, path);
	err = root(steps);
	while (!err && next(steps, name)) {
		if (!strcmp(name, ".."))
			err = up(steps);
		else if (strcmp(name, "."))
			err = step(steps, name);
	}
	/* A slash at the end asks for a directory, and a walk that ended by `..` has not looked at it yet. */
	if (!err && fstat(steps->directory, &steps->place->stat))
		err = -errno;
	if (!err && steps->rest[0] && !S_ISDIR(steps->place->stat.st_mode))
		err = -ENOTDIR;
	if (!steps->place->path[0])
		strcpy(steps->place->path, "/");
	return err;
}

int walk(const struct seal *seal, const char *path, bool follow_last, struct place *place)
{
	struct steps steps = { .seal = seal, .place = place, .follow_last = follow_last, .directory = -1 };
	int err = walk_all(&steps, path);

	place->handle = -1;
	if (!err)
		place->handle = steps.directory;
	else
		close(steps.directory);
	return err;
}

static char *pin_refused;

static int pin_name(struct seal *seal, struct seal_entry *entry)
{
	struct place place = { .handle = -1 };
	struct steps steps = { .seal = seal, .pins = seal, .place = &place, .follow_last = true, .directory = -1 };
	const struct seal_entry *end;
	int err = walk_all(&steps, entry->path);

	close(steps.directory);
	/* What is not there cannot be loaded. */
	if (err == -ENOENT || err == -ENOTDIR)
		return 0;
	end = err ? NULL : seal_find(seal, place.path);
	if (!err && !(end && end->flags & SEAL_LISTED) &&
	    !(S_ISDIR(place.stat.st_mode) && seal_in_tree(seal, place.path)))
		err = WALK_MOVED;
	if (err == WALK_MAGIC)
		err = WALK_MOVED;
	if (err == WALK_MOVED)
		strcpy(pin_refused, entry->path);
	return err;
}

int walk_pin(struct seal *seal, char refused[PATH_MAX])
{
	pin_refused = refused;
	return seal_each(seal, SEAL_NAME, pin_name);
}
