// SPDX-License-Identifier: Apache-2.0
/* unmark MAP_ID PID: takes a process out of a map of task storage, as another root process could. */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int main(int argc, char **argv)
{
	union bpf_attr attr;
	int map, process;

	if (argc != 3)
		return 2;
	memset(&attr, 0, sizeof(attr));
	attr.map_id = atoi(argv[1]);
	map = bpf(BPF_MAP_GET_FD_BY_ID, &attr);
	process = syscall(SYS_pidfd_open, atoi(argv[2]), 0);
	if (map < 0 || process < 0) {
		perror("open");
		return 1;
	}
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = map;
	attr.key = (unsigned long)&process;
	if (bpf(BPF_MAP_DELETE_ELEM, &attr)) {
		perror("delete");
		return 1;
	}
	return 0;
}
