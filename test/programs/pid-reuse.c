// SPDX-License-Identifier: Apache-2.0
// Runs a program as the process with the given pid, which must be free: pid-reuse PID PROGRAM ARGS…
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIES 2000

int main(int argc, char **argv)
{
	int i, wanted, last = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);
	int status;
	pid_t pid;

	if (argc < 3 || last < 0)
		return 1;
	wanted = atoi(argv[1]);
	for (i = 0; i < TRIES; i++) {
		dprintf(last, "%d", wanted - 1);
		pid = fork();
		if (!pid) {
			if (getpid() != wanted)
				_exit(0);
			execv(argv[2], argv + 2);
			_exit(127);
		}
		waitpid(pid, &status, 0);
		if (pid == wanted)
			return WEXITSTATUS(status);
	}
	return 2;
}
