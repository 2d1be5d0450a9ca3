// SPDX-License-Identifier: Apache-2.0
#include "link-call.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

/* So long it is watched where a thread goes that may take another way than the one that was judged. */
#define LOOKS 100
#define LOOK_US 500

/* Whether there is something that was approved, or that is the system's. */
static bool is_approved(const struct call *call, const struct place *place)
{
	const struct seal *seal = call->calls->seal;
	const struct seal_entry *entry = seal_find(seal, place->path);

	return (entry && entry->flags & (SEAL_LISTED | SEAL_WAY)) || seal_in_tree(seal, place->path) ||
	       place_is_system(place);
}

/* Judges where a link leads by its text; 0, WALK_MOVED or -errno. */
static int judge_text(struct call *call, const struct place *link, const char *text)
{
	const struct seal_entry *entry = seal_find(call->calls->seal, link->path);
	struct place end;
	int err;

	if (entry && entry->flags & SEAL_PINNED)
		return strcmp(entry->target, text) ? WALK_MOVED : 0;
	if (entry && entry->flags & (SEAL_WAY | SEAL_LISTED | SEAL_NAME))
		return WALK_MOVED;
	err = place_beside(link, text, call->asked.path);
	if (err)
		return err;
	call->asked.follow_last = true;
	err = place_find(call->calls->seal, &call->asked, &end);
	if (!err && !is_approved(call, &end))
		err = WALK_MOVED;
	if (end.handle >= 0)
		close(end.handle);
	return err;
}

static void write_back(const struct call *call, const char *text, size_t length, __u64 address)
{
	int err = call_is_waiting(call) ? process_write(call->notif->pid, address, text, length) : -ESRCH;

	if (err)
		answer_error(call, err);
	else
		answer_value(call, length);
}

static void give_text(const struct call *call, const char *text, __u64 address, __u64 room)
{
	size_t length = strlen(text);

	if (length > room)
		length = room;
	write_back(call, text, length, address);
}

/*
 * Node and Python follow links by themselves, by readlink(2), and open what they come to. So where a link that
 * counts leads is judged as an open of it would be, and the text that was judged is the one that is given.
 */
void readlink_call_answer(struct call *call, __u64 address, __u64 room)
{
	const unsigned int counting = SEAL_WAY | SEAL_LISTED | SEAL_PINNED | SEAL_NAME;
	const struct seal *seal = call->calls->seal;
	const struct seal_entry *entry;
	struct place link;
	char text[PATH_MAX] = "";
	bool counts;
	int err;

	call->asked.follow_last = false;
	err = place_find(seal, &call->asked, &link);
	entry = seal_find(seal, link.path);
	counts = link.held || seal_in_tree(seal, link.path) || (entry && entry->flags & counting);
	if (!err && counts && !S_ISLNK(link.stat.st_mode))
		err = -EINVAL;
	else if (!err && counts)
		err = readlinkat(link.handle, "", text, sizeof(text) - 1) < 0 ? -errno : judge_text(call, &link, text);
	if (err == WALK_MOVED)
		answer_refused(call, link.asked, REFUSED_LINK);
	else if (err == -ENOENT && !link.foreign)
		answer_error(call, err);
	else if (!counts)
		answer_pass(call);
	else if (err)
		answer_error(call, err);
	else
		give_text(call, text, address, room);
	if (link.handle >= 0)
		close(link.handle);
}

/* The directory that the server started in keeps its name: relative names are made absolute by it. */
void getcwd_call_answer(const struct call *call, __u64 address, __u64 room)
{
	const char *path = place_kept_cwd(call->notif->pid);
	size_t length = path ? strlen(path) + 1 : 0;

	if (!path)
		answer_pass(call);
	else if (length > room)
		answer_error(call, -ERANGE);
	else
		write_back(call, path, length, address);
}

static bool stands_in(pid_t tid, struct stat *stat)
{
	int handle = process_open(tid, "cwd");
	bool found = handle >= 0 && !fstat(handle, stat);

	if (handle >= 0)
		close(handle);
	return found;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * Nobody can go somewhere in the place of another. So the thread goes by itself, and nothing is answered, to it or to
 * its children, until it has come to where the link led when it was judged, or has stayed where it was.
 */
static void watch_going(const struct call *call, const char *path, const struct stat *from, const struct stat *to)
{
	pid_t tid = call->notif->pid;
	struct stat now;
	unsigned int looks;

	for (looks = 0; looks < LOOKS && stands_in(tid, &now) && !is_same(&now, to); looks++) {
		if (!is_same(&now, from)) {
			call->calls->refused(tid, path, REFUSED_LINK);
			return;
		}
		usleep(LOOK_US);
	}
}

void chdir_call_answer(struct call *call)
{
	struct place place;
	struct stat from;
	int err;

	call->asked.follow_last = true;
	err = place_find(call->calls->seal, &call->asked, &place);
	if (!err && place.held && !stands_in(call->notif->pid, &from))
		err = -EACCES;
	if (!call_is_waiting(call))
		err = err ?: -ESRCH;
	else if (err == WALK_MOVED)
		answer_refused(call, place.asked, REFUSED_LINK);
	else if (err && place.held)
		answer_error(call, err);
	else
		answer_pass(call);
	if (!err && place.held)
		watch_going(call, place.asked, &from, &place.stat);
	if (place.handle >= 0)
		close(place.handle);
}
