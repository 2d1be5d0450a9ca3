// SPDX-License-Identifier: Apache-2.0
#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "the launcher knows the calls of x86_64 and aarch64 only"
#endif

/* Linux 5.19: who waits for an answer is not woken up by every signal, to ask again. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
/* Calls with this bit are those of x32. */
#define X32_BIT 0x40000000

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, value)
#define ON(call, value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), ANSWER(value)
#define DENY(error) (SECCOMP_RET_ERRNO | (error))
#define ASK SECCOMP_RET_USER_NOTIF

/* Asks where an open reads; who writes only, or takes no more than a handle (O_PATH), loads nothing. */
#define ON_OPEN(call, flags)                                                                       \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 6), LOAD(args[flags]),                         \
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_PATH, 2, 0),                                 \
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, O_ACCMODE),                                     \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, O_RDONLY, 1, 0), ANSWER(SECCOMP_RET_ALLOW), ANSWER(ASK)

static struct sock_filter program[] = {
	LOAD(arch),
	/* The calls of another ABI have other numbers. */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0),
	ANSWER(DENY(ENOSYS)),
	LOAD(nr),
#ifdef __x86_64__
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1),
	ANSWER(DENY(ENOSYS)),
	ON_OPEN(__NR_open, 1),
	ON(__NR_readlink, ASK),
#endif
	ON_OPEN(__NR_openat, 2),
	/* Its flags lie in memory, out of a filter's sight. */
	ON(__NR_openat2, ASK),
	ON(__NR_readlinkat, ASK),
	ON(__NR_getcwd, ASK),
	ON(__NR_chdir, ASK),
	ON(__NR_execve, ASK),
	ON(__NR_execveat, ASK),
	/* What opens files past these calls. */
	ON(__NR_io_uring_setup, DENY(ENOSYS)),
	ON(__NR_name_to_handle_at, DENY(EPERM)),
	ON(__NR_open_by_handle_at, DENY(EPERM)),
	ANSWER(SECCOMP_RET_ALLOW),
};

int filter_install(void)
{
	struct sock_fprog filter = { .len = sizeof(program) / sizeof(*program), .filter = program };
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	int fd;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &filter);
	if (fd < 0 && errno == EINVAL)
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
	return fd < 0 ? -errno : fd;
}
