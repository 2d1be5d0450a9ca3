// SPDX-License-Identifier: Apache-2.0
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "filter.h"

/* What the child sends before it runs anything: 0 with the listener, or -errno without. */
static void send_listener(int socket, int listener)
{
	int word = listener < 0 ? listener : 0;
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct iovec part = { &word, sizeof(word) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (listener >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &listener, sizeof(int));
	}
	sendmsg(socket, &message, MSG_NOSIGNAL);
}

static int receive_listener(int socket)
{
	int word, fd = -1;
	char bytes[CMSG_SPACE(sizeof(int))] __attribute__((aligned(__alignof__(struct cmsghdr))));
	struct iovec part = { &word, sizeof(word) };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = bytes,
		.msg_controllen = sizeof(bytes),
	};
	struct cmsghdr *header;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != sizeof(word))
		return -EPIPE;
	if (word < 0)
		return word;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -EPROTO;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static void run(bool filtered, char *const argv[], const char *path, const sigset_t *mask, int socket, int started)
{
	int listener, error;
	ssize_t n;

	if (filtered) {
		listener = filter_install();
		send_listener(socket, listener);
		if (listener < 0)
			_exit(127);
		/* The server must not be able to answer its own questions. */
		close(listener);
	}
	sigprocmask(SIG_SETMASK, mask, NULL);
	execv(path, argv);
	error = errno;
	n = write(started, &error, sizeof(error));
	_exit(n == sizeof(error) ? 127 : 126);
}

/* What the server closes, or has open when it ends, is closed for the guard as well. */
static void let_go(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup3(null, STDIN_FILENO, O_CLOEXEC);
	dup3(null, STDOUT_FILENO, O_CLOEXEC);
	close(null);
}

int server_start(struct server *server, bool filtered, char *const argv[], const char *path, const sigset_t *mask)
{
	int sockets[2], pipes[2];
	pid_t launcher = getpid();

	server->listener = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) || pipe2(pipes, O_CLOEXEC))
		return -errno;
	server->pid = fork();
	if (server->pid < 0)
		return -errno;
	if (!server->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != launcher)
			_exit(126);
		run(filtered, argv, path, mask, sockets[1], pipes[1]);
	}
	close(sockets[1]);
	close(pipes[1]);
	server->started = pipes[0];
	let_go();
	if (filtered)
		server->listener = receive_listener(sockets[0]);
	close(sockets[0]);
	return filtered && server->listener < 0 ? server->listener : 0;
}
