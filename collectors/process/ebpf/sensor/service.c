// SPDX-License-Identifier: Apache-2.0
/* The sensor as a service of systemd: its parent is behind a socket and has fewer rights. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "output.h"
#include "sensor.h"
#include "service.h"

/* SD_LISTEN_FDS_START of sd_listen_fds(3). */
#define LISTEN_FD 3
#define LOOK_MS 1000
/* A parent has so long to say what it wants. */
#define OPTIONS_SECONDS 10
#define MAX_FAILURE_BYTES 512

static struct {
	bool serves; /* a parent is there */
	volatile sig_atomic_t stopped;
	__u64 told_ns;
	char options[SENSOR_MAX_COMMAND_BYTES];
} service;

static void stop(int signal)
{
	(void)signal;
	service.stopped = 1;
}

bool service_stopped(void)
{
	return service.stopped;
}

void service_tell(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (!length || length >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&address,
	       offsetof(struct sockaddr_un, sun_path) + length);
	close(fd);
}

void service_alive(void)
{
	const char *text = getenv("WATCHDOG_USEC");
	__u64 every_ns = text ? strtoull(text, NULL, 10) * 1000 / 3 : 0;
	__u64 now = clock_ns(CLOCK_BOOTTIME);

	if (!every_ns || now - service.told_ns < every_ns)
		return;
	service.told_ns = now;
	service_tell("WATCHDOG=1");
}

static int check_handed_over(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int listens = 0;
	socklen_t length = sizeof(listens);

	if (!pid || strtol(pid, NULL, 10) != getpid() || !fds || strcmp(fds, "1"))
		return -ENOTSOCK;
	if (getsockopt(LISTEN_FD, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length))
		return -errno;
	return listens ? 0 : -ENOTSOCK;
}

/* Waits as long as nobody comes; 0, or -errno. */
static int wait_for(int fd)
{
	struct pollfd waiting = { .fd = fd, .events = POLLIN };
	int n;

	do {
		service_alive();
		n = poll(&waiting, 1, LOOK_MS);
		if (service.stopped)
			return -ECONNABORTED;
	} while (n == 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

/* Reads exactly so many bytes from a parent that is there; 0, or -errno. */
static int read_whole(void *bytes, size_t length)
{
	ssize_t n;

	while (length) {
		n = read(STDIN_FILENO, bytes, length);
		if (n < 0 && errno == EINTR && !service.stopped)
			continue;
		if (n <= 0)
			return n ? -errno : -ECONNABORTED;
		bytes = (char *)bytes + n;
		length -= n;
	}
	return 0;
}

/* The words of `length` bytes, each ended by a NUL; their number, or -EPROTO. */
static int split(char *text, size_t length, char **words)
{
	int count = 1;
	size_t at = 0;

	if (length && text[length - 1])
		return -EPROTO;
	for (; at < length; at += strlen(text + at) + 1) {
		if (count == SERVICE_MAX_WORDS)
			return -EPROTO;
		words[count++] = text + at;
	}
	words[count] = NULL;
	return count;
}

static int read_options(char **words)
{
	struct timeval patience = { .tv_sec = OPTIONS_SECONDS };
	struct timeval none = {};
	struct sensor_header header;
	size_t length;
	int err;

	setsockopt(STDIN_FILENO, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	err = read_whole(&header, sizeof(header));
	if (err)
		return err;
	length = header.length - sizeof(header);
	if (header.version != SENSOR_VERSION || header.type != SENSOR_OPTIONS || header.length < sizeof(header) ||
	    length > sizeof(service.options))
		return -EPROTO;
	err = read_whole(service.options, length);
	setsockopt(STDIN_FILENO, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none));
	return err ?: split(service.options, length, words);
}

int service_accept(char **words)
{
	struct sigaction end = { .sa_handler = stop };
	int fd, err = check_handed_over();

	if (err)
		return err;
	sigaction(SIGTERM, &end, NULL);
	service_tell("READY=1\nSTATUS=waits for the agent");
	err = wait_for(LISTEN_FD);
	if (err)
		return err;
	fd = accept4(LISTEN_FD, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Who comes next is for the next one. */
	close(LISTEN_FD);
	if (dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
		return -errno;
	close(fd);
	service.serves = true;
	return read_options(words);
}

void service_fail(int code, const char *text)
{
	unsigned char record[sizeof(struct sensor_failed) + MAX_FAILURE_BYTES];
	size_t length = strnlen(text, MAX_FAILURE_BYTES);
	struct sensor_failed failed = {
		.header = header_of(SENSOR_FAILED, sizeof(failed) + length),
		.code = code,
		.text_bytes = length,
	};

	if (!service.serves)
		return;
	memcpy(record, &failed, sizeof(failed));
	memcpy(record + sizeof(failed), text, length);
	if (!emit(record, failed.header.length))
		flush();
}
