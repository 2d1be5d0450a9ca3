// SPDX-License-Identifier: Apache-2.0
#include "records.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "events.h"

#define BUFFER_BYTES (256 * 1024)

static struct {
	unsigned char bytes[BUFFER_BYTES];
	size_t used;
	/* The list that is being sent. */
	struct seal *seal;
	char cwd[PATH_MAX];
} in;

static int copy_path(char *into, const unsigned char *bytes, size_t length)
{
	if (!length || length >= PATH_MAX || bytes[0] != '/' || memchr(bytes, 0, length))
		return -EPROTO;
	memcpy(into, bytes, length);
	into[length] = 0;
	return 0;
}

static struct seal *current(void)
{
	if (!in.seal)
		in.seal = seal_new();
	return in.seal;
}

static int add_path(const unsigned char *bytes, size_t length, unsigned int flags)
{
	char path[PATH_MAX];

	if (copy_path(path, bytes, length))
		return -EPROTO;
	if (!current() || !seal_add(in.seal, path, flags))
		return -E2BIG;
	/* What a digest leaves out may come and go, and on the way of a name may be links: see walk_pin. */
	return flags == SEAL_TREE ? seal_add_ways(in.seal, path, 0) : 0;
}

static int add_file(const unsigned char *bytes, size_t length)
{
	struct record_file file;
	struct seal_entry *entry;
	char path[PATH_MAX];

	if (length < sizeof(file) || copy_path(path, bytes + sizeof(file), length - sizeof(file)))
		return -EPROTO;
	memcpy(&file, bytes, sizeof(file));
	entry = current() ? seal_add(in.seal, path, SEAL_LISTED) : NULL;
	if (!entry)
		return -E2BIG;
	memcpy(entry->digest, file.digest, sizeof(entry->digest));
	entry->has_identity = file.has_identity == 1;
	entry->identity = file.identity;
	return seal_add_ways(in.seal, path, SEAL_HOME);
}

static int commit(const struct orders *orders, size_t length)
{
	struct seal *seal = current();

	if (length)
		return -EPROTO;
	if (!seal)
		return -ENOMEM;
	in.seal = NULL;
	orders->commit(seal, in.cwd);
	return 0;
}

static int handle_number(const struct orders *orders, enum record_type type, const unsigned char *bytes, size_t length)
{
	__u32 number;

	if (length != sizeof(number))
		return -EPROTO;
	memcpy(&number, bytes, sizeof(number));
	if (number > (type == RECORD_SIGNAL ? (__u32)SIGRTMAX : RECORD_MAX_MS))
		return -EPROTO;
	if (type == RECORD_SIGNAL)
		orders->signal(number);
	else if (type == RECORD_GRACE)
		orders->grace(number);
	else
		orders->end(number);
	return 0;
}

static int handle(const struct orders *orders, __u32 type, const unsigned char *bytes, size_t length)
{
	switch (type) {
	case RECORD_FILE:
		return add_file(bytes, length);
	case RECORD_NAME:
		return add_path(bytes, length, SEAL_NAME);
	case RECORD_TREE:
		return add_path(bytes, length, SEAL_TREE);
	case RECORD_EXEMPT:
		return add_path(bytes, length, SEAL_EXEMPT);
	case RECORD_CWD:
		return copy_path(in.cwd, bytes, length);
	case RECORD_COMMIT:
		return commit(orders, length);
	case RECORD_SIGNAL:
	case RECORD_GRACE:
	case RECORD_END:
		return handle_number(orders, type, bytes, length);
	case RECORD_SETTLED:
		orders->settled();
		return length ? -EPROTO : 0;
	case RECORD_KILL:
		orders->kill();
		return length ? -EPROTO : 0;
	default:
		return -EPROTO;
	}
}

int records_read(const struct orders *orders, bool waits)
{
	ssize_t n = recv(CONTROL_FD, in.bytes + in.used, sizeof(in.bytes) - in.used, waits ? 0 : MSG_DONTWAIT);
	struct record_header header;
	size_t at = 0;
	int err;

	if (n < 0 && errno == ECONNRESET)
		return 1;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return 1;
	in.used += n;
	while (in.used - at >= sizeof(header)) {
		memcpy(&header, in.bytes + at, sizeof(header));
		if (header.length < sizeof(header) || header.length > RECORD_MAX_BYTES)
			return -EPROTO;
		if (in.used - at < header.length)
			break;
		err = handle(orders, header.type, in.bytes + at + sizeof(header), header.length - sizeof(header));
		if (err)
			return err;
		at += header.length;
	}
	memmove(in.bytes, in.bytes + at, in.used - at);
	in.used -= at;
	return 0;
}
