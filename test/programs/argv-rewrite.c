// SPDX-License-Identifier: Apache-2.0
// Overwrites its name and its own arguments, and only then has a shell run the last of them.
#define _GNU_SOURCE
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char *text = argc > 1 ? strdup(argv[argc - 1]) : NULL;
	int i;

	if (!text)
		return 1;
	for (i = 0; i < argc; i++)
		memset(argv[i], 'x', strlen(argv[i]));
	prctl(PR_SET_NAME, "kworker/0:1");
	if (!fork()) {
		execl("/bin/sh", "sh", "-c", text, NULL);
		_exit(127);
	}
	wait(NULL);
	return 0;
}
