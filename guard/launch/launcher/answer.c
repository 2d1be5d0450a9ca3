// SPDX-License-Identifier: Apache-2.0
#include "answer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void respond(const struct call *call, __s64 value, int error, __u32 flags)
{
	struct seccomp_notif_resp response = {
		.id = call->notif->id,
		.val = value,
		.error = error,
		.flags = flags,
	};

	ioctl(call->calls->listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

bool call_is_waiting(const struct call *call)
{
	return !ioctl(call->calls->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->notif->id);
}

void answer_pass(const struct call *call)
{
	respond(call, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

void answer_value(const struct call *call, size_t value)
{
	respond(call, value, 0, 0);
}

void answer_error(const struct call *call, int error)
{
	respond(call, 0, error, 0);
}

void answer_refused(const struct call *call, const char *path, enum refusal refusal)
{
	if (!call_is_waiting(call))
		return;
	call->calls->refused(call->notif->pid, path, refusal);
	answer_error(call, -EACCES);
}

void answer_descriptor(const struct call *call, int fd)
{
	struct seccomp_notif_addfd addfd = {
		.id = call->notif->id,
		.flags = SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = fd,
		.newfd_flags = call->flags & O_CLOEXEC,
	};

	if (fd < 0) {
		answer_error(call, fd);
		return;
	}
	if (ioctl(call->calls->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &addfd) < 0)
		answer_error(call, -errno);
	close(fd);
}
