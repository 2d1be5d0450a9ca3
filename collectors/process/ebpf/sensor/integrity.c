// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <string.h>

#include "enforcement.h"
#include "integrity.h"

#define MAX_KEY_BYTES sizeof(struct listed_image)
#define MAX_VALUE_BYTES 16
/* More than these are not looked through every second. */
#define MAX_ENTRIES 4096

static __u64 noted;
static bool is_detached;

static __u64 hash(__u64 seed, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	while (length--)
		seed = (seed ^ *at++) * 1099511628211ULL; /* FNV-1a */
	return seed;
}

/* A sum over the entries of a map, whatever their order. */
static __u64 sum_of(const struct bpf_map *map)
{
	unsigned char key[MAX_KEY_BYTES], next[MAX_KEY_BYTES], value[MAX_VALUE_BYTES];
	size_t key_bytes = bpf_map__key_size(map), value_bytes = bpf_map__value_size(map);
	int fd = bpf_map__fd(map), err = bpf_map_get_next_key(fd, NULL, next), entries;
	__u64 sum = 0;

	for (entries = 0; !err && entries < MAX_ENTRIES; entries++) {
		memcpy(key, next, key_bytes);
		if (!bpf_map_lookup_elem(fd, key, value))
			sum += hash(hash(14695981039346656037ULL, key, key_bytes), value, value_bytes);
		err = bpf_map_get_next_key(fd, key, next);
	}
	return sum;
}

static __u64 sum_of_policies(const struct programs *programs)
{
	const struct sensor_bpf *skel = programs->skel;

	return hash(hash(sum_of(skel->maps.policies), "listed", 6) ^ sum_of(skel->maps.listed), "shells", 6) ^
	       sum_of(skel->maps.shells);
}

/* Only links to a cgroup can be detached by somebody who does not hold them; they tell so. */
static bool is_any_detached(const struct programs *programs)
{
	struct bpf_link_info info;
	__u32 length;
	size_t i;

	for (i = 0; i < MAX_OPTIONAL && programs->optional[i]; i++) {
		length = sizeof(info);
		memset(&info, 0, sizeof(info));
		if (!bpf_obj_get_info_by_fd(bpf_link__fd(programs->optional[i]), &info, &length) &&
		    info.type == BPF_LINK_TYPE_CGROUP && !info.cgroup.cgroup_id)
			return true;
	}
	return false;
}

void integrity_note(const struct programs *programs)
{
	noted = sum_of_policies(programs);
}

enum sensor_part integrity_check(const struct programs *programs)
{
	__u64 now = sum_of_policies(programs);

	if (now != noted) {
		noted = now;
		return SENSOR_POLICIES;
	}
	if (is_detached || !is_any_detached(programs))
		return 0;
	is_detached = true;
	return SENSOR_PROGRAMS;
}
