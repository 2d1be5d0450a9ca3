// SPDX-License-Identifier: Apache-2.0
#include "seal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 1024
/* FNV-1a, 64 bits. */
#define HASH_SEED 0xcbf29ce484222325ULL
#define HASH_PRIME 0x100000001b3ULL

struct seal {
	struct seal_entry **buckets;
	size_t bucket_count;
	size_t entry_count;
};

static __u64 hash_on(__u64 hash, char byte)
{
	return (hash ^ (unsigned char)byte) * HASH_PRIME;
}

static __u64 hash_of(const char *path, size_t length)
{
	__u64 hash = HASH_SEED;
	size_t i;

	for (i = 0; i < length; i++)
		hash = hash_on(hash, path[i]);
	return hash;
}

struct seal *seal_new(void)
{
	struct seal *seal = calloc(1, sizeof(*seal));

	if (!seal)
		return NULL;
	seal->bucket_count = FIRST_BUCKETS;
	seal->buckets = calloc(seal->bucket_count, sizeof(*seal->buckets));
	if (!seal->buckets) {
		free(seal);
		return NULL;
	}
	return seal;
}

void seal_free(struct seal *seal)
{
	struct seal_entry *entry, *next;
	size_t i;

	if (!seal)
		return;
	for (i = 0; i < seal->bucket_count; i++) {
		for (entry = seal->buckets[i]; entry; entry = next) {
			next = entry->next;
			free(entry->target);
			free(entry);
		}
	}
	free(seal->buckets);
	free(seal);
}

static struct seal_entry *find(const struct seal *seal, __u64 hash, const char *path, size_t length)
{
	struct seal_entry *entry = seal->buckets[hash & (seal->bucket_count - 1)];

	for (; entry; entry = entry->next)
		if (entry->hash == hash && !strncmp(entry->path, path, length) && !entry->path[length])
			return entry;
	return NULL;
}

static int grow(struct seal *seal)
{
	size_t count = seal->bucket_count * 2, i;
	struct seal_entry **buckets = calloc(count, sizeof(*buckets));
	struct seal_entry *entry, *next;

	if (!buckets)
		return -ENOMEM;
	for (i = 0; i < seal->bucket_count; i++) {
		for (entry = seal->buckets[i]; entry; entry = next) {
			next = entry->next;
			entry->next = buckets[entry->hash & (count - 1)];
			buckets[entry->hash & (count - 1)] = entry;
		}
	}
	free(seal->buckets);
	seal->buckets = buckets;
	seal->bucket_count = count;
	return 0;
}

static struct seal_entry *add(struct seal *seal, const char *path, size_t length, unsigned int flags)
{
	__u64 hash = hash_of(path, length);
	struct seal_entry *entry = find(seal, hash, path, length), **bucket;

	if (entry) {
		entry->flags |= flags;
		return entry;
	}
	if (seal->entry_count >= SEAL_MAX_ENTRIES || (seal->entry_count >= seal->bucket_count && grow(seal)))
		return NULL;
	entry = calloc(1, sizeof(*entry) + length + 1);
	if (!entry)
		return NULL;
	memcpy(entry->path, path, length);
	entry->hash = hash;
	entry->flags = flags;
	bucket = &seal->buckets[hash & (seal->bucket_count - 1)];
	entry->next = *bucket;
	*bucket = entry;
	seal->entry_count++;
	return entry;
}

struct seal_entry *seal_add(struct seal *seal, const char *path, unsigned int flags)
{
	return add(seal, path, strlen(path), flags);
}

int seal_add_ways(struct seal *seal, const char *path, unsigned int flags)
{
	struct seal_entry *entry;
	size_t length = strlen(path);
	bool was_marked;

	for (;;) {
		while (length && path[length - 1] != '/')
			length--;
		if (length <= 1)
			return 0;
		entry = add(seal, path, --length, 0);
		if (!entry)
			return -ENOMEM;
		was_marked = entry->flags & SEAL_WAY;
		entry->flags |= SEAL_WAY | flags;
		/* What is above was marked with it. */
		if (was_marked)
			return 0;
		flags = 0;
	}
}

const struct seal_entry *seal_find(const struct seal *seal, const char *path)
{
	size_t length = strlen(path);

	return find(seal, hash_of(path, length), path, length);
}

int seal_each(struct seal *seal, unsigned int flags, int (*visit)(struct seal *seal, struct seal_entry *entry))
{
	struct seal_entry **found, *entry;
	size_t count = 0, i;
	int err = 0;

	found = calloc(seal->entry_count + 1, sizeof(*found));
	if (!found)
		return -ENOMEM;
	for (i = 0; i < seal->bucket_count; i++)
		for (entry = seal->buckets[i]; entry; entry = entry->next)
			if ((entry->flags & flags) == flags)
				found[count++] = entry;
	for (i = 0; i < count && !err; i++)
		err = visit(seal, found[i]);
	free(found);
	return err;
}

bool seal_in_tree(const struct seal *seal, const char *path)
{
	const struct seal_entry *entry;
	__u64 hash = HASH_SEED;
	bool inside = false;
	size_t i;

	for (i = 0;; hash = hash_on(hash, path[i]), i++) {
		if (!i || (path[i] && path[i] != '/'))
			continue;
		entry = find(seal, hash, path, i);
		if (entry && entry->flags & (SEAL_TREE | SEAL_EXEMPT))
			inside = entry->flags & SEAL_TREE;
		if (!path[i])
			return inside;
	}
}

static __u64 nanoseconds(const struct timespec *time)
{
	return time->tv_sec * 1000000000ULL + time->tv_nsec;
}

struct identity identity_of(const struct stat *stat)
{
	struct identity identity = {
		.dev = stat->st_dev,
		.ino = stat->st_ino,
		.size = stat->st_size,
		.mtime_ns = nanoseconds(&stat->st_mtim),
		.ctime_ns = nanoseconds(&stat->st_ctim),
	};

	return identity;
}

bool same_identity(const struct identity *a, const struct identity *b)
{
	return !memcmp(a, b, sizeof(*a));
}
