// SPDX-License-Identifier: Apache-2.0
/*
 * sealwatch-notify PROGRAM ARGS...: becomes PROGRAM with a socket on which it can tell systemd about itself
 * (sd_notify(3)). Node has no datagram sockets of AF_UNIX but can write to one that it is given; systemd believes the
 * main process of a service only, which PROGRAM becomes. SEALWATCH_NOTIFY_FD names the descriptor. Where nobody
 * listens, PROGRAM runs without.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The status of a shell that cannot execute what it was asked for. */
#define EXIT_CANNOT_EXECUTE 126

/* A socket whose other end is the service manager, or -1. Writing never waits: it has a short queue. */
static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(path);
	int fd;

	if (!length || length >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + length)) {
		close(fd);
		return -1;
	}
	return fd;
}

int main(int argc, char **argv)
{
	const char *path = getenv("NOTIFY_SOCKET");
	char number[16];
	int fd;

	if (argc < 2) {
		fprintf(stderr, "usage: sealwatch-notify PROGRAM ARGS...\n");
		return EXIT_CANNOT_EXECUTE;
	}
	unsetenv("SEALWATCH_NOTIFY_FD");
	if (path) {
		fd = connect_to(path);
		if (fd < 0) {
			fprintf(stderr, "sealwatch-notify: %s: %s\n", path, strerror(errno));
		} else {
			snprintf(number, sizeof(number), "%d", fd);
			setenv("SEALWATCH_NOTIFY_FD", number, 1);
		}
		unsetenv("NOTIFY_SOCKET");
	}
	execv(argv[1], argv + 1);
	fprintf(stderr, "sealwatch-notify: %s: %s\n", argv[1], strerror(errno));
	return EXIT_CANNOT_EXECUTE;
}
