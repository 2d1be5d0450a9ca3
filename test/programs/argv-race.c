// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a shell COUNT times while a thread rewrites the memory that its arguments come from. Each shell prints its
 * pid and the last argument that it was really given.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char word[1024];

/* What is shown, what is run, and the mixtures of both. */
static void *rewrite(void *unused)
{
	for (;;) {
		memset(word, 'a', sizeof(word) - 1);
		__asm__ volatile("" ::: "memory");
		memset(word, 'b', sizeof(word) - 1);
		__asm__ volatile("" ::: "memory");
	}
	return unused;
}

int main(int argc, char **argv)
{
	char *const words[] = { "sh", "-c", "echo $$ $0", word, NULL };
	pthread_t thread;
	int i, count;
	pid_t pid;

	if (argc < 2)
		return 1;
	count = atoi(argv[1]);
	memset(word, 'a', sizeof(word) - 1);
	pthread_create(&thread, NULL, rewrite, NULL);
	for (i = 0; i < count; i++) {
		/* The child shares the memory until the kernel has taken the arguments. */
		pid = vfork();
		if (!pid) {
			execv("/bin/sh", words);
			_exit(127);
		}
		waitpid(pid, NULL, 0);
	}
	return 0;
}
