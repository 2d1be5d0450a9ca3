// SPDX-License-Identifier: Apache-2.0
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "content.h"
#include "process.h"
#include "verdict.h"

/* As the kernel: BINPRM_BUF_SIZE, and interpreters of interpreters (fs/exec.c, exec_binprm). */
#define HEAD_BYTES 256
#define MAX_SCRIPTS 5
#define KEPT_IMAGES 64
/* What was changed so lately may be changed again within one tick of the clock that ctime is read from. */
#define REST_NS 2000000000ULL

static struct {
	struct identity identity;
	unsigned char digest[DIGEST_BYTES];
} kept[KEPT_IMAGES];
static size_t next_kept;

/* The first line of a script as fs/binfmt_script.c takes it apart; false where it is none. */
static bool parse_head(char head[HEAD_BYTES], char **interpreter, char **argument)
{
	char *end, *at;

	head[HEAD_BYTES - 1] = 0;
	if (strncmp(head, "#!", 2))
		return false;
	end = strchr(head, '\n');
	if (end)
		*end = 0;
	at = head + 2 + strspn(head + 2, " \t");
	for (end = at + strlen(at); end > at && strchr(" \t", end[-1]); end--)
		;
	*end = 0;
	*interpreter = at;
	at += strcspn(at, " \t");
	*argument = NULL;
	if (*at) {
		*at++ = 0;
		*argument = at + strspn(at, " \t");
	}
	return **interpreter;
}

static int read_head(int handle, char head[HEAD_BYTES])
{
	int fd = reopen(handle, O_NONBLOCK);
	ssize_t n;

	memset(head, 0, HEAD_BYTES);
	/* What may be executed but not read is no script: its interpreter could not read it either. */
	if (fd < 0)
		return fd == -EACCES ? 0 : fd;
	n = read(fd, head, HEAD_BYTES);
	close(fd);
	return n < 0 ? -errno : 0;
}

/* The head of a listed script is taken from bytes that have its digest. */
static int read_listed_head(int handle, const unsigned char *digest, char head[HEAD_BYTES])
{
	struct content content;
	int err = content_read(handle, &content);

	if (err)
		return err;
	memset(head, 0, HEAD_BYTES);
	memcpy(head, content.bytes, content.length < HEAD_BYTES ? content.length : HEAD_BYTES);
	free(content.bytes);
	return memcmp(content.digest, digest, DIGEST_BYTES) ? REFUSES(REFUSED_CHANGED) : 0;
}

/* Puts words before those that are there. */
static int put_before(struct program *program, const char *word)
{
	size_t length = strlen(word) + 1;

	if (program->words_bytes + length > sizeof(program->words))
		return -E2BIG;
	memmove(program->words + length, program->words, program->words_bytes);
	memcpy(program->words, word, length);
	program->words_bytes += length;
	return 0;
}

/* What the kernel calls a script to its interpreter (fs/exec.c, alloc_bprm). */
static int put_script(struct program *program, const struct asked *asked)
{
	char name[PATH_MAX + 32];

	if (program->words_bytes)
		return 0;
	if (asked->directory == AT_FDCWD || asked->path[0] == '/')
		return put_before(program, asked->path);
	snprintf(name, sizeof(name), "/dev/fd/%d%s%s", asked->directory, asked->path[0] ? "/" : "", asked->path);
	return put_before(program, name);
}

static int judge(const struct seal *seal, const struct place *place, bool settled, struct program *program)
{
	const unsigned char *digest = verdict_digest(seal, place);

	if (!S_ISREG(place->stat.st_mode))
		return -EACCES;
	if (digest) {
		program->kind = PROGRAM_LISTED;
		memcpy(program->digest, digest, DIGEST_BYTES);
		return 0;
	}
	if (verdict_needs_listed(seal, place))
		return REFUSES(REFUSED_UNLISTED);
	program->dev = place->stat.st_dev;
	program->ino = place->stat.st_ino;
	program->kind = PROGRAM_SYSTEM;
	if (place_is_system(place))
		return 0;
	program->kind = PROGRAM_ANY;
	return settled ? 0 : REFUSES(REFUSED_PROGRAM);
}

/* One step; `more` where `asked` became the interpreter of what it was. Returns 0, REFUSES(why), or -errno. */
static int follow(const struct seal *seal, struct asked *asked, bool settled, struct program *program, bool *more)
{
	struct place place;
	char head[HEAD_BYTES], *interpreter, *argument;
	int err = place_find(seal, asked, &place);

	*more = false;
	if (err)
		return err == WALK_MOVED ? REFUSES(REFUSED_LINK) : err;
	err = judge(seal, &place, settled, program) ?: read_head(place.handle, head);
	if (!err && program->kind == PROGRAM_LISTED && !strncmp(head, "#!", 2))
		err = read_listed_head(place.handle, program->digest, head);
	close(place.handle);
	/* Of a program that may be any, neither. */
	if (!err && program->kind == PROGRAM_ANY)
		program->words_bytes = 0;
	if (err || program->kind == PROGRAM_ANY || !parse_head(head, &interpreter, &argument))
		return err;
	err = put_script(program, asked);
	if (!err && argument && *argument)
		err = put_before(program, argument);
	err = err ?: put_before(program, interpreter);
	asked->directory = AT_FDCWD;
	asked->follow_last = true;
	strcpy(asked->path, interpreter);
	*more = true;
	return err;
}

int program_expect(const struct seal *seal, struct asked *asked, bool settled, struct program *program)
{
	int scripts, err = 0;
	bool more = true;

	strcpy(program->path, asked->path);
	program->words_bytes = 0;
	for (scripts = 0; more && !err; scripts++) {
		if (scripts > MAX_SCRIPTS)
			return -ELOOP;
		err = follow(seal, asked, settled, program, &more);
	}
	return err;
}

static bool is_at_rest(const struct identity *identity)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec > identity->ctime_ns + REST_NS;
}

int program_digest(const struct seal *seal, const struct place *place, unsigned char digest[DIGEST_BYTES])
{
	const struct seal_entry *entry = seal_find(seal, place->path);
	struct identity identity = identity_of(&place->stat);
	int fd, err;
	size_t i;

	if (entry && entry->has_identity && same_identity(&entry->identity, &identity)) {
		memcpy(digest, entry->digest, DIGEST_BYTES);
		return 0;
	}
	for (i = 0; i < KEPT_IMAGES; i++) {
		if (same_identity(&kept[i].identity, &identity)) {
			memcpy(digest, kept[i].digest, DIGEST_BYTES);
			return 0;
		}
	}
	fd = reopen(place->handle, 0);
	if (fd < 0)
		return fd;
	err = content_digest(fd, digest);
	close(fd);
	if (!err && is_at_rest(&identity)) {
		kept[next_kept].identity = identity;
		memcpy(kept[next_kept].digest, digest, DIGEST_BYTES);
		next_kept = (next_kept + 1) % KEPT_IMAGES;
	}
	return err;
}

/* Compares the first arguments of a process, which nobody but the kernel has written yet. */
static int check_words(pid_t pid, const struct program *program)
{
	char path[32], words[MAX_WORDS_BYTES];
	size_t used = 0;
	ssize_t n = 1;
	int fd;

	if (!program->words_bytes)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && n > 0 && used < program->words_bytes) {
		n = read(fd, words + used, program->words_bytes - used);
		used += n > 0 ? n : 0;
	}
	if (fd >= 0)
		close(fd);
	if (used < program->words_bytes || memcmp(words, program->words, used))
		return REFUSES(REFUSED_CHANGED);
	return 0;
}

/*
 * The ELF interpreter of the image was mapped by the kernel too and is not looked at: in an approved binary it is the
 * one that was approved with it, by its name, and lies in a directory of root's. Nobody can write to an image that
 * runs (ETXTBSY), so its digest stays what it is.
 */
int program_check(const struct seal *seal, pid_t pid, const struct program *program, char image[PATH_MAX])
{
	unsigned char digest[DIGEST_BYTES];
	struct place place = { .handle = process_open(pid, "exe") };
	int err = 0;

	image[0] = 0;
	if (place.handle < 0)
		return place.handle;
	if (fstat(place.handle, &place.stat))
		err = -errno;
	err = err ?: path_of(place.handle, place.path);
	strcpy(image, place.path);
	if (!err && program->kind == PROGRAM_LISTED) {
		err = program_digest(seal, &place, digest);
		if (!err && memcmp(digest, program->digest, DIGEST_BYTES))
			err = REFUSES(REFUSED_CHANGED);
	}
	if (!err && program->kind == PROGRAM_SYSTEM &&
	    (place.stat.st_dev != program->dev || place.stat.st_ino != program->ino || !place_is_system(&place)))
		err = REFUSES(REFUSED_PROGRAM);
	close(place.handle);
	return err ?: check_words(pid, program);
}
