// SPDX-License-Identifier: Apache-2.0
// Runs many shells one after another, each gone at once: shell-burst COUNT MARK. Prints the pid of each.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	volatile int i, count;
	char text[256];
	pid_t pid;

	if (argc < 3)
		return 1;
	count = atoi(argv[1]);
	for (i = 0; i < count; i++) {
		snprintf(text, sizeof(text), ": %s %d", argv[2], i);
		pid = vfork();
		if (!pid) {
			execl("/bin/sh", "sh", "-c", text, NULL);
			_exit(127);
		}
		printf("%d %d\n", i, pid);
		waitpid(pid, NULL, 0);
	}
	return 0;
}
