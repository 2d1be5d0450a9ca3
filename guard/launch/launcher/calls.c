// SPDX-License-Identifier: Apache-2.0
/*
 * A call that is let pass (SECCOMP_USER_NOTIF_FLAG_CONTINUE) is read anew by the kernel, its path in memory and the
 * links on it: what was judged may not be what is opened. So nothing that was approved is ever let pass: it is read
 * here, once, and what was read is handed over. What is let pass concerns nothing approved, whichever way it goes.
 * The memory itself is trusted: until approved code has been loaded, the interpreter alone writes to it.
 */
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "answer.h"
#include "link-call.h"
#include "open-call.h"
#include "process.h"

/* Reads a path from the memory of the thread; false where the call was answered for want of it. */
static bool take_path(struct call *call, int directory, __u64 address)
{
	int err = process_path(call->notif->pid, address, call->asked.path);

	call->asked.tid = call->notif->pid;
	call->asked.directory = directory;
	/* A process that may not be looked into, for it forbade it or its program is unreadable, gets nothing. */
	if (err == -EPERM)
		answer_refused(call, "", REFUSED_OPAQUE);
	else if (err)
		answer_error(call, err);
	return !err;
}

static void answer_openat2(struct call *call, const __u64 *args)
{
	struct open_how how;
	int err = args[3] < sizeof(how) ? -EINVAL : process_read(call->notif->pid, args[2], &how, sizeof(how));
	size_t skip;

	if (err) {
		answer_error(call, err == -EPERM ? -EACCES : err);
		return;
	}
	if (!take_path(call, args[0], args[1]))
		return;
	call->flags = how.flags;
	call->asked.resolve = how.resolve;
	if (how.resolve & RESOLVE_IN_ROOT) {
		skip = strspn(call->asked.path, "/");
		memmove(call->asked.path, call->asked.path + skip, strlen(call->asked.path + skip) + 1);
		if (skip && !call->asked.path[0])
			strcpy(call->asked.path, ".");
	}
	open_call_answer(call);
}

static void answer_exec(struct call *call, __u64 flags)
{
	static struct program program;
	int err = -ENOENT;

	call->asked.follow_last = !(flags & AT_SYMLINK_NOFOLLOW);
	if (call->asked.path[0] || flags & AT_EMPTY_PATH)
		err = program_expect(call->calls->seal, &call->asked, call->calls->settled, &program);
	if (err > 0) {
		answer_refused(call, program.path, REFUSAL(err));
		return;
	}
	if (!err)
		err = call_is_waiting(call) ? trace_exec(call->notif->pid, &program) : -ESRCH;
	/* Somebody else traces it, or nobody may: Yama. */
	if (err == -EPERM)
		answer_refused(call, program.path, REFUSED_OPAQUE);
	else if (err)
		answer_error(call, err);
	else
		answer_pass(call);
}

static void dispatch(struct call *call)
{
	const __u64 *args = call->notif->data.args;

	switch (call->notif->data.nr) {
#ifdef __x86_64__
	case __NR_open:
		call->flags = args[1];
		if (take_path(call, AT_FDCWD, args[0]))
			open_call_answer(call);
		break;
	case __NR_readlink:
		if (take_path(call, AT_FDCWD, args[0]))
			readlink_call_answer(call, args[1], args[2]);
		break;
#endif
	case __NR_openat:
		call->flags = args[2];
		if (take_path(call, args[0], args[1]))
			open_call_answer(call);
		break;
	case __NR_openat2:
		answer_openat2(call, args);
		break;
	case __NR_readlinkat:
		if (take_path(call, args[0], args[1]))
			readlink_call_answer(call, args[2], args[3]);
		break;
	case __NR_getcwd:
		getcwd_call_answer(call, args[0], args[1]);
		break;
	case __NR_chdir:
		if (take_path(call, AT_FDCWD, args[0]))
			chdir_call_answer(call);
		break;
	case __NR_execve:
		if (take_path(call, AT_FDCWD, args[0]))
			answer_exec(call, 0);
		break;
	case __NR_execveat:
		if (take_path(call, args[0], args[1]))
			answer_exec(call, args[4]);
		break;
	default:
		answer_pass(call);
	}
}

int calls_answer(const struct calls *calls)
{
	static struct seccomp_notif *notif;
	static struct seccomp_notif_sizes sizes;
	struct call call = { .calls = calls };

	/* The kernel's struct may be longer than the one that is known here. */
	if (!notif) {
		if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes))
			return -errno;
		notif = malloc(sizes.seccomp_notif > sizeof(*notif) ? sizes.seccomp_notif : sizeof(*notif));
		if (!notif)
			return -ENOMEM;
	}
	memset(notif, 0, sizes.seccomp_notif);
	if (ioctl(calls->listener, SECCOMP_IOCTL_NOTIF_RECV, notif))
		return errno == ENOENT || errno == EINTR ? 0 : -errno;
	call.notif = notif;
	dispatch(&call);
	return 0;
}
