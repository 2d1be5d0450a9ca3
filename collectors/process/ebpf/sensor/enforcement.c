// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "enforcement.h"
#include "sensor.skel.h"

/* Writes /usr/bin/git as git, bin, usr, each with a NUL; false where it is no such path or too long. */
static bool turn_path(const char *path, char *into)
{
	const char *end = path + strlen(path), *from;
	size_t used = 0, bytes;

	if (*path != '/')
		return false;
	for (; end > path; end = from) {
		for (from = end - 1; *from != '/'; from--)
			;
		bytes = end - from - 1;
		if (!bytes || used + bytes + 1 > LISTED_PATH_BYTES)
			return false;
		memcpy(into + used, from + 1, bytes);
		used += bytes + 1;
	}
	return true;
}

static void forget_listed(int map, __u64 server)
{
	struct listed_image key, next;
	int err = bpf_map_get_next_key(map, NULL, &next);

	while (!err) {
		key = next;
		err = bpf_map_get_next_key(map, &key, &next);
		if (key.server == server)
			bpf_map_delete_elem(map, &key);
	}
}

int enforcement_policy(struct sensor_bpf *skel, const unsigned char *command, size_t length)
{
	int listed = bpf_map__fd(skel->maps.listed), policies = bpf_map__fd(skel->maps.policies);
	const char *path = (const char *)command + sizeof(struct sensor_policy);
	const char *end = (const char *)command + length;
	struct sensor_policy policy;
	struct listed_image key;
	const __u8 present = 1;
	__u32 mode = SENSOR_OBSERVE;

	if (length < sizeof(policy) || (path < end && end[-1]))
		return -EPROTO;
	memcpy(&policy, command, sizeof(policy));
	/* Nothing is judged while the list is being made. */
	bpf_map_update_elem(policies, &policy.server, &mode, BPF_ANY);
	forget_listed(listed, policy.server);
	mode = policy.mode;
	for (; path < end; path += strlen(path) + 1) {
		memset(&key, 0, sizeof(key));
		key.server = policy.server;
		/* Where a path cannot be listed, none is asked for: an approved program is never killed. */
		if (!turn_path(path, key.path) || bpf_map_update_elem(listed, &key, &present, BPF_ANY))
			mode &= ~SENSOR_ONLY_LISTED;
	}
	if (mode == SENSOR_OBSERVE)
		bpf_map_delete_elem(policies, &policy.server);
	else
		bpf_map_update_elem(policies, &policy.server, &mode, BPF_ANY);
	return 0;
}

int enforcement_shells(struct sensor_bpf *skel, const unsigned char *command, size_t length)
{
	int map = bpf_map__fd(skel->maps.shells);
	size_t at = sizeof(struct sensor_header);
	struct sensor_shell shell;
	__u64 inode;

	if ((length - at) % sizeof(shell))
		return -EPROTO;
	while (!bpf_map_get_next_key(map, NULL, &inode))
		bpf_map_delete_elem(map, &inode);
	for (; at < length; at += sizeof(shell)) {
		memcpy(&shell, command + at, sizeof(shell));
		bpf_map_update_elem(map, &shell.inode, &shell.size, BPF_ANY);
	}
	return 0;
}
