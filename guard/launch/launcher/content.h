/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_CONTENT_H
#define SEALWATCH_CONTENT_H

#include "seal.h"

/* The content of a file that was read once: what is judged is what is handed on, whatever becomes of the file. */
struct content {
	unsigned char *bytes;
	size_t length;
	unsigned char digest[DIGEST_BYTES];
	struct stat stat;
};

/* Opens anew, for reading, what a handle (O_PATH) stands for; the descriptor or -errno. */
int reopen(int handle, int flags);

/* Reads the regular file behind a handle; 0 or -errno. The caller frees `bytes`. */
int content_read(int handle, struct content *content);

/*
 * A descriptor for reading that gives these bytes for ever, or -errno. Libraries that are loaded twice get the same
 * inode twice, by which the dynamic linker knows that it has them.
 */
int content_seal(const struct content *content);

/* The digest of what a descriptor for reading gives from its beginning; 0 or -errno. */
int content_digest(int fd, unsigned char digest[DIGEST_BYTES]);

#endif
