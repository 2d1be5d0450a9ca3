// SPDX-License-Identifier: Apache-2.0
// Runs execve in a thread that is not the leader: the new image keeps the pid and start of the leader.
#include <pthread.h>
#include <unistd.h>

static void *run(void *argv)
{
	execv(((char **)argv)[0], argv);
	_exit(1);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 2 || pthread_create(&thread, NULL, run, argv + 1))
		return 1;
	for (;;)
		pause();
}
