// SPDX-License-Identifier: Apache-2.0
// Gives a file one content and another in turn, as fast as it can: flip rename|write|truncate PATH ONE OTHER, or makes
// a link lead to the one and the other: flip link PATH ONE OTHER. Ends when its standard input does.
// Now and then it rests on the one: otherwise, on a busy machine, no launch might ever meet the same content from its
// first look to its last.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FLIPPING_MS 200
#define REST_MS 100

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

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char beside[4096];
	int which = 0, rest_ms = 0;
	long rested = now_ms();

	if (argc != 5)
		return 1;
	snprintf(beside, sizeof(beside), "%s.beside-%d", argv[2], getpid());
	if (strcmp(argv[1], "link")) {
		load(0, argv[3]);
		load(1, argv[4]);
	}
	for (; !poll(&input, 1, rest_ms); which = !which) {
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
		if (rest_ms)
			rested = now_ms();
		rest_ms = !which && now_ms() - rested > FLIPPING_MS ? REST_MS : 0;
	}
	unlink(beside);
	return 0;
}
