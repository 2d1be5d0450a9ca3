// SPDX-License-Identifier: Apache-2.0
// Copies a program into anonymous memory and runs it from there: there is no file to find.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
	int from, memory;

	if (argc < 2)
		return 1;
	from = open(argv[1], O_RDONLY);
	memory = memfd_create("payload", MFD_CLOEXEC);
	while (sendfile(memory, from, NULL, 1 << 20) > 0)
		;
	return fexecve(memory, argv + 1, environ);
}
