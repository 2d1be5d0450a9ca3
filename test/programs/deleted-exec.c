// SPDX-License-Identifier: Apache-2.0
// Runs a program from a file that has no name any more: deleted-exec COPY PROGRAM ARGS…
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
	int from, to, copy;

	if (argc < 3)
		return 1;
	from = open(argv[2], O_RDONLY);
	to = open(argv[1], O_WRONLY | O_CREAT | O_EXCL, 0700);
	while (sendfile(to, from, NULL, 1 << 20) > 0)
		;
	/* Nothing that is open for writing can run. */
	close(to);
	copy = open(argv[1], O_RDONLY | O_CLOEXEC);
	unlink(argv[1]);
	return fexecve(copy, argv + 2, environ);
}
