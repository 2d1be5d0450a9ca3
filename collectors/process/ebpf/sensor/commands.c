// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "census.h"
#include "commands.h"
#include "enforcement.h"
#include "exec-permission.h"
#include "file-actor.h"
#include "integrity.h"
#include "interest.h"
#include "membership.h"
#include "output.h"

static struct {
	unsigned char bytes[SENSOR_MAX_COMMAND_BYTES];
	size_t used;
	bool tracked;
} in;

/* What is tracked together is marked together. */
static int mark(struct programs *programs)
{
	if (!in.tracked)
		return 0;
	in.tracked = false;
	return membership_mark(programs);
}

static int handle_track(struct programs *programs, const unsigned char *bytes, size_t length)
{
	struct sensor_track track;
	int err;

	if (length != sizeof(track))
		return -EPROTO;
	memcpy(&track, bytes, sizeof(track));
	err = membership_track(programs, &track);
	/* So many at once: those that wait come first. */
	if (err == -E2BIG || err == -ENOSPC)
		err = membership_mark(programs) ?: membership_track(programs, &track);
	in.tracked = true;
	return err;
}

static int handle_ping(struct programs *programs, const unsigned char *bytes, size_t length, ping_answer answer)
{
	struct sensor_ping ping;

	if (length != sizeof(ping))
		return -EPROTO;
	memcpy(&ping, bytes, sizeof(ping));
	return mark(programs) ?: answer(&ping);
}

static int handle_container(struct programs *programs, const unsigned char *bytes, size_t length)
{
	struct sensor_container container;

	if (length != sizeof(container))
		return -EPROTO;
	memcpy(&container, bytes, sizeof(container));
	return membership_contain(programs, &container);
}

static int handle_release(const unsigned char *bytes, size_t length)
{
	struct sensor_release release;

	if (length != sizeof(release))
		return -EPROTO;
	memcpy(&release, bytes, sizeof(release));
	census_release(release.pid);
	return 0;
}

static int handle_end(struct programs *programs, const unsigned char *bytes, size_t length)
{
	struct sensor_not_ended told = { .header = header_of(SENSOR_NOT_ENDED, sizeof(told)) };
	struct sensor_end end;
	int err;

	if (length != sizeof(end))
		return -EPROTO;
	memcpy(&end, bytes, sizeof(end));
	/* Those that were tracked just before are members by then. */
	err = mark(programs);
	if (err)
		return err;
	told.pid = end.pid;
	told.error = -membership_end(programs, &end);
	return told.error ? emit(&told, sizeof(told)) : 0;
}

static int handle_enforcement(struct programs *programs, const unsigned char *bytes,
			      const struct sensor_header *header)
{
	int err = header->type == SENSOR_POLICY ? enforcement_policy(programs->skel, bytes, header->length)
						: enforcement_shells(programs->skel, bytes, header->length);

	integrity_note(programs);
	return err;
}

static int handle(struct programs *programs, const unsigned char *bytes, const struct sensor_header *header,
		  ping_answer answer)
{
	const char *path = (const char *)bytes + sizeof(*header);
	size_t path_bytes = header->length - sizeof(*header);

	switch (header->type) {
	case SENSOR_PING:
		return handle_ping(programs, bytes, header->length, answer);
	case SENSOR_MARK:
		return file_actor_mark(path, path_bytes);
	case SENSOR_UNMARK:
		file_actor_unmark(path, path_bytes);
		return 0;
	case SENSOR_TRACK:
		return handle_track(programs, bytes, header->length);
	case SENSOR_GUARD:
		return file_actor_guard(path, path_bytes);
	case SENSOR_UNGUARD:
		file_actor_unguard(path, path_bytes);
		return 0;
	case SENSOR_LAUNCHES:
		return interest_set(bytes, header->length) ?: census_review();
	case SENSOR_PERMIT:
		/* A shell that cannot be marked is left to the first way. */
		exec_permission_mark(path, path_bytes);
		return 0;
	case SENSOR_RELEASE:
		return handle_release(bytes, header->length);
	case SENSOR_END:
		return handle_end(programs, bytes, header->length);
	case SENSOR_CONTAINER:
		return handle_container(programs, bytes, header->length);
	case SENSOR_POLICY:
	case SENSOR_SHELLS:
		return handle_enforcement(programs, bytes, header);
	default:
		/* For a later sensor. */
		return 0;
	}
}

int commands_read(struct programs *programs, ping_answer answer)
{
	ssize_t n = read(STDIN_FILENO, in.bytes + in.used, sizeof(in.bytes) - in.used);
	struct sensor_header header;
	size_t at = 0;
	int err;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return 1;
	in.used += n;
	while (in.used - at >= sizeof(header)) {
		memcpy(&header, in.bytes + at, sizeof(header));
		if (header.length < sizeof(header) || header.length > sizeof(in.bytes))
			return -EPROTO;
		if (in.used - at < header.length)
			break;
		err = handle(programs, in.bytes + at, &header, answer);
		if (err)
			return err;
		at += header.length;
	}
	memmove(in.bytes, in.bytes + at, in.used - at);
	in.used -= at;
	return mark(programs);
}
