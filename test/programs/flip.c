// SPDX-License-Identifier: Apache-2.0
// Gives a file one content and another in turn, as fast as it can: flip rename|write|truncate PATH ONE OTHER, or makes
// a link lead to the one and the other: flip link PATH ONE OTHER. Ends when its standard input does.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
	char *bytes;
	size_t length;
} contents[2];

static void load(int which, const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat))
		exit(1);
	contents[which].length = stat.st_size;
	contents[which].bytes = malloc(stat.st_size);
	if (read(fd, contents[which].bytes, stat.st_size) != stat.st_size)
		exit(1);
	close(fd);
}

static void put(const char *path, int which, int flags)
{
	int fd = open(path, O_WRONLY | flags, 0755);

	if (fd < 0)
		return;
	if (write(fd, contents[which].bytes, contents[which].length) < 0)
		exit(1);
	close(fd);
}

int main(int argc, char **argv)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char beside[4096];
	int which = 0;

	if (argc != 5)
		return 1;
	snprintf(beside, sizeof(beside), "%s.beside-%d", argv[2], getpid());
	if (strcmp(argv[1], "link")) {
		load(0, argv[3]);
		load(1, argv[4]);
	}
	for (; !poll(&input, 1, 0); which = !which) {
		if (!strcmp(argv[1], "write")) {
			put(argv[2], which, 0);
		} else if (!strcmp(argv[1], "truncate")) {
			put(argv[2], which, O_TRUNC);
		} else if (!strcmp(argv[1], "rename")) {
			put(beside, which, O_CREAT | O_TRUNC);
			rename(beside, argv[2]);
		} else if (!symlink(argv[3 + which], beside)) {
			rename(beside, argv[2]);
		}
	}
	unlink(beside);
	return 0;
}
