/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALWATCH_PROGRAM_H
#define SEALWATCH_PROGRAM_H

#include "events.h"
#include "place.h"

/* Bytes of the words that an interpreter is given before the caller's own. */
#define MAX_WORDS_BYTES (4 * PATH_MAX)

/*
 * What must be found in a process after an exec, before its first instruction. The kernel opens the program and the
 * script by itself, after the question was answered: what it found there shows in the image and in the arguments.
 */
struct program {
	enum { PROGRAM_ANY, PROGRAM_LISTED, PROGRAM_SYSTEM } kind;
	/* Of a listed program. */
	unsigned char digest[DIGEST_BYTES];
	/* Of a program of the system. */
	dev_t dev;
	ino_t ino;
	/* As the caller named it. */
	char path[PATH_MAX];
	/* The first arguments, each with its NUL, that a script's first line makes; none for a binary. */
	char words[MAX_WORDS_BYTES];
	size_t words_bytes;
};

/* What a refusal is as a return value, beside 0 and -errno. */
#define REFUSES(refusal) ((int)(refusal) + 1)
#define REFUSAL(code) ((enum refusal)((code) - 1))

/*
 * What an exec must lead to, following scripts to their interpreters. Once `settled`, a program that is not listed
 * may be any. Returns 0, REFUSES(why), or -errno, which is the answer to the call.
 */
int program_expect(const struct seal *seal, struct asked *asked, bool settled, struct program *program);

/* Judges a process before its first instruction. Returns 0, REFUSES(why), or -errno; `image` is its path. */
int program_check(const struct seal *seal, pid_t pid, const struct program *program, char image[PATH_MAX]);

/* The digest of a file that runs, which is read only where it is not known already; 0 or -errno. */
int program_digest(const struct seal *seal, const struct place *place, unsigned char digest[DIGEST_BYTES]);

#endif
