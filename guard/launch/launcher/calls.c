// SPDX-License-Identifier: Apache-2.0
/*
 * A call that is let pass (SECCOMP_USER_NOTIF_FLAG_CONTINUE) is read anew by the kernel, its path in memory and the
 * links on it: what was judged may not be what is opened. So nothing that was approved is ever let pass: it is read
 * here, once, and what was read is handed over. What is let pass concerns nothing approved, whichever way it goes.
 * The memory itself is trusted: until approved code has been loaded, the interpreter alone writes to it.
 */
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "content.h"
#include "process.h"
#include "verdict.h"

struct call {
	const struct calls *calls;
	const struct seccomp_notif *notif;
	struct asked asked;
	/* Of an open. */
	__u64 flags;
};

static void respond(const struct call *call, __s64 value, int error, __u32 flags)
{
	struct seccomp_notif_resp response = {
		.id = call->notif->id,
		.val = value,
		.error = error,
		.flags = flags,
	};

	ioctl(call->calls->listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void pass(const struct call *call)
{
	respond(call, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

static void fail(const struct call *call, int error)
{
	respond(call, 0, error, 0);
}

static void refuse(const struct call *call, const char *path, enum refusal refusal)
{
	call->calls->refused(call->notif->pid, path, refusal);
	fail(call, -EACCES);
}

/* Whether the thread that was looked into is the one that asked: its number may have another owner by now. */
static bool is_waiting(const struct call *call)
{
	return !ioctl(call->calls->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->notif->id);
}

static void hand_over(const struct call *call, int fd)
{
	struct seccomp_notif_addfd addfd = {
		.id = call->notif->id,
		.flags = SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = fd,
		.newfd_flags = call->flags & O_CLOEXEC,
	};

	if (fd < 0) {
		fail(call, fd);
		return;
	}
	if (ioctl(call->calls->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &addfd) < 0)
		fail(call, -errno);
	close(fd);
}

/* Reads a path from the memory of the thread; false where the call was answered for want of it. */
static bool take_path(struct call *call, int directory, __u64 address)
{
	int err = process_path(call->notif->pid, address, call->asked.path);

	call->asked.tid = call->notif->pid;
	call->asked.directory = directory;
	if (!is_waiting(call))
		return false;
	/* A process that may not be looked into, for it forbade it or its program is unreadable, gets nothing. */
	if (err == -EPERM) {
		call->calls->refused(call->notif->pid, "", REFUSED_OPAQUE);
		err = -EACCES;
	}
	if (err)
		fail(call, err);
	return !err;
}

/*
 * Whether a thread asks for the very file that it runs, as Node does: that one cannot be written to (ETXTBSY), and is
 * too large to be copied.
 */
static bool is_verified_image(const struct call *call, const struct place *place, const unsigned char *digest)
{
	unsigned char found[DIGEST_BYTES];
	struct stat image;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/exe", call->notif->pid);
	return !stat(path, &image) && image.st_dev == place->stat.st_dev && image.st_ino == place->stat.st_ino &&
	       !program_digest(call->calls->seal, place, found) && !memcmp(found, digest, DIGEST_BYTES);
}

static void give_content(const struct call *call, const struct place *place)
{
	const unsigned char *digest = verdict_digest(call->calls->seal, place);
	struct content content;
	int err;

	if (is_verified_image(call, place, digest)) {
		hand_over(call, reopen(place->handle, 0));
		return;
	}
	err = content_read(place->handle, &content);
	if (err == -EFBIG || (!err && memcmp(content.digest, digest, DIGEST_BYTES)))
		refuse(call, place->asked, REFUSED_CHANGED);
	else if (err)
		fail(call, err);
	else
		hand_over(call, content_seal(&content));
	free(content.bytes);
}

static void answer_found(const struct call *call, const struct place *place)
{
	switch (verdict_of_read(call->calls->seal, place, call->calls->settled)) {
	case VERDICT_PASS:
		pass(call);
		break;
	case VERDICT_CONTENT:
		if (call->flags & O_DIRECTORY)
			fail(call, -ENOTDIR);
		else
			give_content(call, place);
		break;
	case VERDICT_HAND:
		hand_over(call, reopen(place->handle, call->flags & (O_DIRECTORY | O_NONBLOCK)));
		break;
	case VERDICT_ABSENT:
		fail(call, -ENOENT);
		break;
	case VERDICT_DENY:
		fail(call, -EACCES);
		break;
	case VERDICT_REFUSE:
		refuse(call, place->asked, REFUSED_UNLISTED);
		break;
	}
}

/*
 * What is not there is answered at once: let pass, the kernel could find what was put there meanwhile. Any other
 * error is the kernel's to give, except where something approved is concerned.
 */
static void answer_not_found(const struct call *call, const struct place *place, int err)
{
	bool is_absent = err == -ENOENT || err == -ENOTDIR;

	if (err == -ENOENT && call->flags & O_CREAT)
		pass(call);
	else if ((is_absent && !place->foreign) || place->held || verdict_digest(call->calls->seal, place) ||
		 verdict_needs_listed(call->calls->seal, place))
		fail(call, err);
	else
		pass(call);
}

/* Opens that write too come here by openat2 alone. They read what was not judged: no interpreter loads code so. */
static void answer_open(struct call *call)
{
	struct place place;
	int err;

	if (call->flags & O_PATH || (call->flags & O_ACCMODE) != O_RDONLY) {
		pass(call);
		return;
	}
	if (!call->asked.path[0]) {
		fail(call, -ENOENT);
		return;
	}
	call->asked.follow_last = !(call->flags & O_NOFOLLOW);
	err = place_find(call->calls->seal, &call->asked, &place);
	if (!is_waiting(call))
		err = err ?: -ESRCH;
	else if (err == WALK_MOVED)
		refuse(call, place.asked, REFUSED_LINK);
	else if (err)
		answer_not_found(call, &place, err);
	else if (S_ISLNK(place.stat.st_mode))
		fail(call, -ELOOP);
	else
		answer_found(call, &place);
	if (place.handle >= 0)
		close(place.handle);
}

static void answer_openat2(struct call *call, const __u64 *args)
{
	struct open_how how;
	int err = args[3] < sizeof(how) ? -EINVAL : process_read(call->notif->pid, args[2], &how, sizeof(how));
	size_t skip;

	if (err) {
		fail(call, err == -EPERM ? -EACCES : err);
		return;
	}
	if (!take_path(call, args[0], args[1]))
		return;
	call->flags = how.flags;
	call->asked.resolve = how.resolve;
	if (how.resolve & RESOLVE_IN_ROOT) {
		skip = strspn(call->asked.path, "/");
		memmove(call->asked.path, call->asked.path + skip, strlen(call->asked.path + skip) + 1);
		if (skip && !call->asked.path[0])
			strcpy(call->asked.path, ".");
	}
	answer_open(call);
}

static void answer_exec(struct call *call, __u64 flags)
{
	static struct program program;
	int err = -ENOENT;

	call->asked.follow_last = !(flags & AT_SYMLINK_NOFOLLOW);
	if (call->asked.path[0] || flags & AT_EMPTY_PATH)
		err = program_expect(call->calls->seal, &call->asked, call->calls->settled, &program);

	if (!is_waiting(call))
		return;
	if (err > 0) {
		refuse(call, program.path, REFUSAL(err));
		return;
	}
	err = err ?: trace_exec(call->notif->pid, &program);
	if (err)
		fail(call, err);
	else
		pass(call);
}

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

static void give_text(const struct call *call, const char *text, __u64 address, __u64 room)
{
	size_t length = strlen(text);
	int err;

	if (length > room)
		length = room;
	err = process_write(call->notif->pid, address, text, length);
	respond(call, err ? 0 : (__s64)length, err, 0);
}

/*
 * Node and Python follow links by themselves, by readlink(2), and open what they come to. So where a link that
 * counts leads is judged as an open of it would be, and the text that was judged is the one that is given.
 */
static void answer_readlink(struct call *call, __u64 address, __u64 room)
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
	if (!is_waiting(call))
		err = 0;
	else if (err == WALK_MOVED)
		refuse(call, link.asked, REFUSED_LINK);
	else if (err == -ENOENT && !link.foreign)
		fail(call, err);
	else if (!counts)
		pass(call);
	else if (err)
		fail(call, err);
	else
		give_text(call, text, address, room);
	if (link.handle >= 0)
		close(link.handle);
}

/* The directory that the server started in keeps its name: relative names are made absolute by it. */
static void answer_getcwd(const struct call *call, __u64 address, __u64 room)
{
	const char *path = place_kept_cwd(call->notif->pid);
	size_t length = path ? strlen(path) + 1 : 0;
	int err;

	if (!is_waiting(call))
		return;
	if (!path) {
		pass(call);
		return;
	}
	err = length > room ? -ERANGE : process_write(call->notif->pid, address, path, length);
	respond(call, err ? 0 : (__s64)length, err, 0);
}

static void dispatch(struct call *call)
{
	const __u64 *args = call->notif->data.args;

	switch (call->notif->data.nr) {
#ifdef __x86_64__
	case __NR_open:
		call->flags = args[1];
		if (take_path(call, AT_FDCWD, args[0]))
			answer_open(call);
		break;
	case __NR_readlink:
		if (take_path(call, AT_FDCWD, args[0]))
			answer_readlink(call, args[1], args[2]);
		break;
#endif
	case __NR_openat:
		call->flags = args[2];
		if (take_path(call, args[0], args[1]))
			answer_open(call);
		break;
	case __NR_openat2:
		answer_openat2(call, args);
		break;
	case __NR_readlinkat:
		if (take_path(call, args[0], args[1]))
			answer_readlink(call, args[2], args[3]);
		break;
	case __NR_getcwd:
		answer_getcwd(call, args[0], args[1]);
		break;
	case __NR_execve:
		if (take_path(call, AT_FDCWD, args[0]))
			answer_exec(call, 0);
		break;
	case __NR_execveat:
		if (take_path(call, args[0], args[1]))
			answer_exec(call, args[4]);
		break;
	default:
		pass(call);
	}
}

int calls_answer(const struct calls *calls)
{
	static struct seccomp_notif *notif;
	static struct seccomp_notif_sizes sizes;
	struct call call = { .calls = calls };

	/* The kernel's struct may be longer than the one that is known here. */
	if (!notif) {
		if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes))
			return -errno;
		notif = malloc(sizes.seccomp_notif > sizeof(*notif) ? sizes.seccomp_notif : sizeof(*notif));
		if (!notif)
			return -ENOMEM;
	}
	memset(notif, 0, sizes.seccomp_notif);
	if (ioctl(calls->listener, SECCOMP_IOCTL_NOTIF_RECV, notif))
		return errno == ENOENT || errno == EINTR ? 0 : -errno;
	call.notif = notif;
	dispatch(&call);
	return 0;
}
