/* SPDX-License-Identifier: Apache-2.0 */
/* The tools that may be called without asking. */
#ifndef SEALWATCH_NAMES_H
#define SEALWATCH_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define NAMES_MAX 2000
#define NAME_MAX_BYTES 256

/*
 * Takes the place of those before: each a length of two bytes, little-endian, and so many bytes of UTF-8. 0, or -EPROTO
 * where that is something else or more than may be, and then there are none.
 */
int names_replace(const unsigned char *bytes, size_t length);

void names_clear(void);

bool names_has(const unsigned char *name, size_t length);

#endif
