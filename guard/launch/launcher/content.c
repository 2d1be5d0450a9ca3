// SPDX-License-Identifier: Apache-2.0
#include "content.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

/* As in inventory/limits.ts: what is larger has no digest. */
#define MAX_BYTES (1024L * 1024 * 1024)
#define CHUNK_BYTES (256 * 1024)
/* Libraries that are kept; what falls out is sealed anew. */
#define MAX_LIBRARIES 256
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static struct library {
	unsigned char digest[DIGEST_BYTES];
	int fd;
} libraries[MAX_LIBRARIES];
static size_t library_count, library_next;

int reopen(int handle, int flags)
{
	char link[32];
	int fd;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", handle);
	fd = open(link, flags | O_RDONLY | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int read_all(int fd, struct content *content)
{
	size_t room = content->stat.st_size + 1;
	ssize_t n;

	content->bytes = malloc(room);
	if (!content->bytes)
		return -ENOMEM;
	/* Who writes more meanwhile changes it: the rest decides nothing. */
	while (content->length < room) {
		n = read(fd, content->bytes + content->length, room - content->length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		content->length += n;
	}
	return EVP_Digest(content->bytes, content->length, content->digest, NULL, EVP_sha256(), NULL) ? 0 : -EIO;
}

int content_read(int handle, struct content *content)
{
	/* Who holds a lease on it cannot make us wait. */
	int fd = reopen(handle, O_NONBLOCK), err = 0;

	memset(content, 0, sizeof(*content));
	if (fd < 0)
		return fd;
	if (fstat(fd, &content->stat))
		err = -errno;
	else if (!S_ISREG(content->stat.st_mode))
		err = -EINVAL;
	else if (content->stat.st_size > MAX_BYTES)
		err = -EFBIG;
	err = err ?: read_all(fd, content);
	close(fd);
	if (err) {
		free(content->bytes);
		content->bytes = NULL;
	}
	return err;
}

/* Kernels differ in what they ask for; none of it hinders mmap(2) with PROT_EXEC. */
static int memory_file(void)
{
	int fd = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

static int fill(int fd, const struct content *content)
{
	const struct timespec times[2] = { content->stat.st_atim, content->stat.st_mtim };
	size_t at = 0;
	ssize_t n;

	while (at < content->length) {
		n = write(fd, content->bytes + at, content->length - at);
		if (n < 0 && errno != EINTR)
			return -errno;
		at += n < 0 ? 0 : n;
	}
	/* Some look at the times and the mode of what they opened. */
	futimens(fd, times);
	fchmod(fd, S_IRUSR | (content->stat.st_mode & 0444));
	return fcntl(fd, F_ADD_SEALS, SEALS) ? -errno : 0;
}

static const struct library *find_library(const struct content *content)
{
	size_t i;

	for (i = 0; i < library_count; i++)
		if (!memcmp(libraries[i].digest, content->digest, DIGEST_BYTES))
			return &libraries[i];
	return NULL;
}

static void keep_library(const struct content *content, int fd)
{
	struct library *library = &libraries[library_next];

	if (library_count == MAX_LIBRARIES)
		close(library->fd);
	else
		library_count++;
	library_next = (library_next + 1) % MAX_LIBRARIES;
	memcpy(library->digest, content->digest, DIGEST_BYTES);
	library->fd = fd;
}

int content_seal(const struct content *content)
{
	bool is_library = content->length > 4 && !memcmp(content->bytes, "\177ELF", 4);
	const struct library *known = is_library ? find_library(content) : NULL;
	int fd, reader, err;

	if (known)
		return reopen(known->fd, 0);
	fd = memory_file();
	if (fd < 0)
		return fd;
	err = fill(fd, content);
	/* What wrote it would hand on its offset, and the right to write. */
	reader = err ?: reopen(fd, 0);
	if (is_library && reader >= 0)
		keep_library(content, fd);
	else
		close(fd);
	return reader;
}

int content_digest(int fd, unsigned char digest[DIGEST_BYTES])
{
	static unsigned char chunk[CHUNK_BYTES];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool fine = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL);
	off_t at = 0;
	ssize_t n = 1;

	while (fine && n > 0) {
		n = pread(fd, chunk, sizeof(chunk), at);
		at += n;
		fine = n >= 0 && at <= MAX_BYTES && EVP_DigestUpdate(context, chunk, n);
	}
	fine = fine && EVP_DigestFinal_ex(context, digest, NULL);
	EVP_MD_CTX_free(context);
	return fine ? 0 : -EIO;
}
