/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_RECORDS_H
#define SEALWATCH_RECORDS_H

#include <linux/types.h>
#include <stdbool.h>

#include "seal.h"

/*
 * What the guard sends on the control socket, little-endian: a header, then what the type says. A path is
 * absolute, without a NUL, and reaches to the end of the record.
 */

enum record_type {
	/* struct record_file, path */
	RECORD_FILE = 1,
	/* path, each */
	RECORD_NAME = 2,
	RECORD_TREE = 3,
	RECORD_EXEMPT = 4,
	/* path of the directory that the server starts in */
	RECORD_CWD = 5,
	/* nothing: the list is whole and takes the place of the one before; the first starts the server */
	RECORD_COMMIT = 6,
	/* nothing: the server answered, programs that are not listed are the agent's concern from here on */
	RECORD_SETTLED = 7,
	/* __u32 signal */
	RECORD_SIGNAL = 8,
	/* __u32 milliseconds that remain for what outlives the server */
	RECORD_GRACE = 9,
	/* __u32 milliseconds, after which the subtree gets SIGTERM, and as many until SIGKILL */
	RECORD_END = 10,
	/* nothing: the subtree gets SIGKILL */
	RECORD_KILL = 11,
};

struct record_header {
	/* Of the whole record, in bytes. */
	__u32 length;
	__u32 type;
};

struct record_file {
	unsigned char digest[DIGEST_BYTES];
	/* 1 where the identity is known to have that digest. */
	__u64 has_identity;
	struct identity identity;
};

#define RECORD_MAX_BYTES 8192
#define RECORD_MAX_MS (10 * 60 * 1000)

struct orders {
	void (*commit)(struct seal *seal, const char *cwd);
	void (*settled)(void);
	void (*signal)(int number);
	void (*grace)(unsigned int ms);
	void (*end)(unsigned int ms);
	void (*kill)(void);
};

/*
 * Reads once from the control socket, waiting where `waits`, and carries out the whole records. Returns 0, 1 where
 * the guard is gone, or -errno; -EPROTO at a record that is none, -E2BIG at a list over its bound.
 */
int records_read(const struct orders *orders, bool waits);

#endif
