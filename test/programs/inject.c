// SPDX-License-Identifier: Apache-2.0
/*
 * Changes another process that runs: inject WAY PID. Those by ptrace(2) have the victim, which waits in a system
 * call, make another one: it exits with 42. The others write the same into its memory or take a file from it.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS 42

/* Both go back to the instruction of the system call, and make it exit_group. */
static int make_it_exit(pid_t pid)
{
	struct user_regs_struct regs;
	struct iovec all = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &all))
		return 1;
#if defined(__x86_64__)
	regs.rip -= 2;
	regs.orig_rax = -1;
	regs.rax = SYS_exit_group;
	regs.rdi = STATUS;
#elif defined(__aarch64__)
	regs.pc -= 4;
	regs.regs[8] = SYS_exit_group;
	regs.regs[0] = STATUS;
#else
#error "which register is which?"
#endif
	if (ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &all))
		return 1;
	return ptrace(PTRACE_DETACH, pid, NULL, NULL) ? 1 : 0;
}

static int by_attach(pid_t pid)
{
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) || waitpid(pid, NULL, __WALL) != pid)
		return 1;
	return make_it_exit(pid);
}

static int by_seize(pid_t pid)
{
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) ||
	    waitpid(pid, NULL, __WALL) != pid)
		return 1;
	return make_it_exit(pid);
}

/* It wants no signal when the victim stops, and waits for it. */
static int by_deaf(pid_t pid)
{
	signal(SIGCHLD, SIG_IGN);
	return by_seize(pid);
}

static int is_stopped(pid_t pid)
{
	char path[64], text[512] = "", *at;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	if (read(fd, text, sizeof(text) - 1) < 0)
		return 0;
	close(fd);
	at = strrchr(text, ')');
	return at && at[2] == 't';
}

/* It wants no signal, and does not even wait: it looks whether the victim has stopped. */
static int by_stealth(pid_t pid)
{
	signal(SIGCHLD, SIG_IGN);
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL))
		return 1;
	while (!is_stopped(pid))
		usleep(100);
	return make_it_exit(pid);
}

/* Where the victim keeps the words it was started with: a place in its memory that is known and may be written. */
static unsigned long arguments_of(pid_t pid)
{
	char path[64], text[1024] = "", *at;
	unsigned long start = 0;
	int fd, field;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	if (read(fd, text, sizeof(text) - 1) < 0)
		return 0;
	close(fd);
	at = strrchr(text, ')');
	for (field = 2; at && field < 48; field++)
		at = strchr(at + 1, ' ');
	return at && sscanf(at, " %lu", &start) == 1 ? start : 0;
}

static int by_memory(pid_t pid)
{
	unsigned long at = arguments_of(pid);
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	return pwrite(open(path, O_WRONLY), "XX", 2, at) == 2 ? 0 : 1;
}

static int by_vm_write(pid_t pid)
{
	struct iovec from = { "XX", 2 }, to = { (void *)arguments_of(pid), 2 };

	return process_vm_writev(pid, &from, 1, &to, 1, 0) == 2 ? 0 : 1;
}

static int by_getfd(pid_t pid)
{
	int victim = syscall(SYS_pidfd_open, pid, 0);

	return syscall(SYS_pidfd_getfd, victim, 0, 0) >= 0 ? 0 : 1;
}

static const struct {
	const char *name;
	int (*inject)(pid_t pid);
} ways[] = {
	{ "attach", by_attach },   { "seize", by_seize },	{ "deaf", by_deaf },
	{ "stealth", by_stealth }, { "memory", by_memory },	{ "vm-write", by_vm_write },
	{ "getfd", by_getfd },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc == 3 && i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(ways[i].name, argv[1]))
			return ways[i].inject(atoi(argv[2]));
	return 2;
}
