// SPDX-License-Identifier: Apache-2.0
/*
 * Executes a program many times, each with a token and its own number as the last two arguments, from several
 * processes at once; every other one through vfork. Says as JSON how long it took and how many it could not start.
 *
 * exec-storm TOKEN COUNT WORKERS PER_SECOND STAMPS PROGRAM [ARGUMENT]...
 *
 * PER_SECOND 0 is as fast as it goes. STAMPS is a file that gets the CLOCK_MONOTONIC nanoseconds at which each
 * number was about to be started, 8 bytes each; "-" for none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COUNT 10000000
#define MAX_WORKERS 256
#define MAX_ARGUMENTS 64
#define SECOND_NS 1000000000ull

struct storm {
	const char *token;
	long count, workers, per_second;
	uint64_t *stamps;
	uint64_t *failed;
	uint64_t begin;
	char **words;
	int words_count;
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND_NS + time.tv_nsec;
}

static void *shared(int file, size_t bytes)
{
	int flags = file < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, file, 0);

	if (memory == MAP_FAILED) {
		perror("exec-storm: mmap");
		exit(2);
	}
	return memory;
}

static void wait_until(uint64_t when)
{
	struct timespec time = { .tv_sec = when / SECOND_NS, .tv_nsec = when % SECOND_NS };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

static void start_one(struct storm *storm, long number)
{
	char text[24], *argv[MAX_ARGUMENTS + 3];
	pid_t child;
	int status;

	memcpy(argv, storm->words, storm->words_count * sizeof(*argv));
	snprintf(text, sizeof(text), "%ld", number);
	argv[storm->words_count] = (char *)storm->token;
	argv[storm->words_count + 1] = text;
	argv[storm->words_count + 2] = NULL;
	if (storm->stamps)
		storm->stamps[number] = now();
	child = number % 2 ? fork() : vfork();
	if (child == 0) {
		execve(argv[0], argv, environ);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
		__sync_fetch_and_add(storm->failed, 1);
}

/* Ends with who started it; too late where that one is gone already. */
static void end_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(2);
}

static void work(struct storm *storm, long worker)
{
	for (long number = worker; number < storm->count; number += storm->workers) {
		if (storm->per_second)
			wait_until(storm->begin + number * SECOND_NS / storm->per_second);
		start_one(storm, number);
	}
	_exit(0);
}

static void read_arguments(struct storm *storm, char **argv)
{
	storm->token = argv[1];
	storm->count = atol(argv[2]);
	storm->workers = atol(argv[3]);
	storm->per_second = atol(argv[4]);
	if (storm->count < 1 || storm->count > MAX_COUNT || storm->workers < 1 || storm->workers > MAX_WORKERS) {
		fputs("exec-storm: count or workers out of range\n", stderr);
		exit(2);
	}
	if (strcmp(argv[5], "-")) {
		size_t bytes = storm->count * sizeof(uint64_t);
		int file = open(argv[5], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		if (file < 0 || ftruncate(file, bytes)) {
			perror("exec-storm: stamps");
			exit(2);
		}
		storm->stamps = shared(file, bytes);
	}
}

int main(int argc, char **argv)
{
	pid_t parent = getppid(), self = getpid();
	struct storm storm = { .words = argv + 6, .words_count = argc - 6 };

	if (argc < 7 || storm.words_count > MAX_ARGUMENTS) {
		fputs("usage: exec-storm TOKEN COUNT WORKERS PER_SECOND STAMPS PROGRAM [ARGUMENT]...\n", stderr);
		return 2;
	}
	end_with(parent);
	read_arguments(&storm, argv);
	storm.failed = shared(-1, sizeof(uint64_t));
	storm.begin = now();
	for (long worker = 0; worker < storm.workers; worker++) {
		pid_t child = fork();

		if (child < 0) {
			perror("exec-storm: fork");
			return 2;
		}
		if (child == 0) {
			end_with(self);
			work(&storm, worker);
		}
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
	printf("{\"seconds\":%.3f,\"failed\":%llu}\n", (now() - storm.begin) / 1e9,
	       (unsigned long long)*storm.failed);
	return 0;
}
