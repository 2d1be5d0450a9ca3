// SPDX-License-Identifier: Apache-2.0
#include "names.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

/* More than twice as many as there are names, so that a look ends soon. */
#define SLOTS 4096

struct name {
	/* 0 where the slot is free: a name of no bytes is none. */
	uint16_t length;
	unsigned char bytes[NAME_MAX_BYTES];
};

static struct name slots[SLOTS];

/* FNV-1a, 32 bits. A server that makes its names collide slows down its own calls. */
static uint32_t hash(const unsigned char *bytes, size_t length)
{
	uint32_t sum = 2166136261u;
	size_t i;

	for (i = 0; i < length; i++)
		sum = (sum ^ bytes[i]) * 16777619u;
	return sum;
}

/* Where a name stands, or would. */
static struct name *slot_of(const unsigned char *name, size_t length)
{
	uint32_t at = hash(name, length);

	for (;; at++) {
		struct name *slot = &slots[at % SLOTS];

		if (!slot->length || (slot->length == length && !memcmp(slot->bytes, name, length)))
			return slot;
	}
}

void names_clear(void)
{
	size_t i;

	for (i = 0; i < SLOTS; i++)
		slots[i].length = 0;
}

int names_replace(const unsigned char *bytes, size_t length)
{
	size_t at, count = 0, size;

	names_clear();
	for (at = 0; at < length; at += size) {
		struct name *slot;

		size = length - at < 2 ? 0 : bytes[at] | bytes[at + 1] << 8;
		at += 2;
		if (!size || size > NAME_MAX_BYTES || at > length || size > length - at || count++ == NAMES_MAX) {
			names_clear();
			return -EPROTO;
		}
		slot = slot_of(bytes + at, size);
		slot->length = size;
		memcpy(slot->bytes, bytes + at, size);
	}
	return 0;
}

bool names_has(const unsigned char *name, size_t length)
{
	return length && length <= NAME_MAX_BYTES && slot_of(name, length)->length;
}
