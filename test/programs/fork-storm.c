// SPDX-License-Identifier: Apache-2.0
// Forks COUNT processes as fast as it can; the one in the middle runs a program: fork-storm COUNT PROGRAM ARGS…
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT_ONCE 64

int main(int argc, char **argv)
{
	int i, count, running = 0;

	if (argc < 3)
		return 1;
	count = atoi(argv[1]);
	for (i = 0; i < count; i++) {
		if (running == AT_ONCE && wait(NULL) > 0)
			running--;
		if (!fork()) {
			if (i == count / 2)
				execv(argv[2], argv + 2);
			_exit(0);
		}
		running++;
	}
	while (wait(NULL) > 0)
		;
	return 0;
}
