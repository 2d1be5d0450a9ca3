// SPDX-License-Identifier: Apache-2.0
// Runs a program as a new process in one of the ways that Linux has, and waits until all of it has ended.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int run(void *argv)
{
	execvp(((char **)argv)[0], argv);
	_exit(127);
}

static void *run_thread(void *argv)
{
	run(argv);
	return NULL;
}

static void by_vfork(char **argv)
{
	if (!vfork())
		run(argv);
}

static void by_posix_spawn(char **argv)
{
	pid_t pid;

	posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
}

/* In a session of its own, and its parent is gone before it begins. */
static void by_double_fork(char **argv)
{
	pid_t between;

	if (fork())
		return;
	setsid();
	between = getpid();
	if (fork())
		_exit(0);
	while (getppid() == between)
		usleep(1000);
	run(argv);
}

/* The new process is the child of this one's parent. */
static void by_clone_parent(char **argv)
{
	if (!syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL))
		run(argv);
}

/* Shares its memory, and tells nobody when it ends. */
static void by_shared_memory(char **argv)
{
	static char stack[65536] __attribute__((aligned(16)));

	clone(run, stack + sizeof(stack), CLONE_VM | CLONE_FILES | CLONE_FS, argv);
}

static void by_thread(char **argv)
{
	pthread_t thread;

	if (fork())
		return;
	pthread_create(&thread, NULL, run_thread, argv);
	for (;;)
		pause();
}

static const struct {
	const char *name;
	void (*spawn)(char **argv);
} ways[] = {
	{ "vfork", by_vfork },
	{ "posix_spawn", by_posix_spawn },
	{ "double-fork", by_double_fork },
	{ "clone-parent", by_clone_parent },
	{ "shared-memory", by_shared_memory },
	{ "thread", by_thread },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 2 && i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(ways[i].name, argv[1]))
			ways[i].spawn(argv + 2);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
	return 0;
}
