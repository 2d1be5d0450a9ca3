// SPDX-License-Identifier: Apache-2.0
#include "open-call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "content.h"
#include "program.h"
#include "verdict.h"

/* So much is copied sooner than it is asked whether it must be. */
#define COPIED_BYTES (1024 * 1024)

/*
 * Whether a thread asks for the very file that it runs, as Node does: that one cannot be written to (ETXTBSY), and is
 * too large to be copied.
 */
static bool is_verified_image(const struct call *call, const struct place *place, const unsigned char *digest)
{
	unsigned char found[DIGEST_BYTES];
	struct stat image;
	char path[32];

	if (place->stat.st_size <= COPIED_BYTES)
		return false;
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
		answer_descriptor(call, reopen(place->handle, 0));
		return;
	}
	err = content_read(place->handle, &content);
	if (err == -EFBIG || (!err && memcmp(content.digest, digest, DIGEST_BYTES)))
		answer_refused(call, place->asked, REFUSED_CHANGED);
	else if (err)
		answer_error(call, err);
	else
		answer_descriptor(call, content_seal(&content));
	free(content.bytes);
}

static void answer_found(const struct call *call, const struct place *place)
{
	switch (verdict_of_read(call->calls->seal, place, call->calls->settled)) {
	case VERDICT_PASS:
		answer_pass(call);
		break;
	case VERDICT_CONTENT:
		if (call->flags & O_DIRECTORY)
			answer_error(call, -ENOTDIR);
		else
			give_content(call, place);
		break;
	case VERDICT_HAND:
		answer_descriptor(call, reopen(place->handle, call->flags & (O_DIRECTORY | O_NONBLOCK)));
		break;
	case VERDICT_ABSENT:
		answer_error(call, -ENOENT);
		break;
	case VERDICT_DENY:
		answer_error(call, -EACCES);
		break;
	case VERDICT_REFUSE:
		answer_refused(call, place->asked, REFUSED_UNLISTED);
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
		answer_pass(call);
	else if ((is_absent && !place->foreign) || place->held || verdict_digest(call->calls->seal, place) ||
		 verdict_needs_listed(call->calls->seal, place))
		answer_error(call, err);
	else
		answer_pass(call);
}

/* Opens that write too come here by openat2 alone. They read what was not judged: no interpreter loads code so. */
void open_call_answer(struct call *call)
{
	struct place place;
	int err;

	if (call->flags & O_PATH || (call->flags & O_ACCMODE) != O_RDONLY) {
		answer_pass(call);
		return;
	}
	if (!call->asked.path[0]) {
		answer_error(call, -ENOENT);
		return;
	}
	call->asked.follow_last = !(call->flags & O_NOFOLLOW);
	err = place_find(call->calls->seal, &call->asked, &place);
	if (err == WALK_MOVED)
		answer_refused(call, place.asked, REFUSED_LINK);
	else if (err)
		answer_not_found(call, &place, err);
	else if (S_ISLNK(place.stat.st_mode))
		answer_error(call, -ELOOP);
	else
		answer_found(call, &place);
	if (place.handle >= 0)
		close(place.handle);
}
