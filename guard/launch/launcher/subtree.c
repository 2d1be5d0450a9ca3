// SPDX-License-Identifier: Apache-2.0
#include "subtree.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

struct process {
	pid_t pid;
	pid_t parent;
	bool inside;
};

/* 0 where the process is gone. */
static pid_t parent_of(pid_t pid)
{
	char path[32], text[1024], *at;
	ssize_t n = -1;
	int fd, parent;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	if (n <= 0)
		return 0;
	text[n] = 0;
	/* The name in brackets may hold brackets and blanks of its own. */
	at = strrchr(text, ')');
	return at && sscanf(at + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

/* Every process of the host; the caller frees them. */
static struct process *list(size_t *count)
{
	struct process *found = NULL, *more;
	size_t room = 0;
	struct dirent *item;
	DIR *proc = opendir("/proc");

	*count = 0;
	while (proc && (item = readdir(proc))) {
		if (!isdigit((unsigned char)item->d_name[0]))
			continue;
		if (*count == room) {
			room = room ? room * 2 : 512;
			more = realloc(found, room * sizeof(*found));
			if (!more)
				break;
			found = more;
		}
		found[*count].pid = atoi(item->d_name);
		found[*count].parent = parent_of(found[*count].pid);
		found[*count].inside = false;
		(*count)++;
	}
	if (proc)
		closedir(proc);
	return found;
}

static bool is_inside(const struct process *all, size_t count, pid_t pid)
{
	size_t i;

	if (pid == getpid())
		return true;
	for (i = 0; i < count; i++)
		if (all[i].pid == pid)
			return all[i].inside;
	return false;
}

/* A pid may have another owner since it was listed; a descriptor keeps to one process. */
static void signal_process(const struct process *process, int number)
{
	int fd = syscall(SYS_pidfd_open, process->pid, 0);

	if (fd < 0) {
		/* Before Linux 5.3. */
		if (errno == ENOSYS)
			kill(process->pid, number);
		return;
	}
	if (parent_of(process->pid) == process->parent)
		syscall(SYS_pidfd_send_signal, fd, number, NULL, 0);
	close(fd);
}

void subtree_signal(int number)
{
	size_t count, i;
	struct process *all = list(&count);
	bool more = true;

	while (more) {
		more = false;
		for (i = 0; i < count; i++) {
			if (all[i].inside || !is_inside(all, count, all[i].parent))
				continue;
			all[i].inside = more = true;
			signal_process(&all[i], number);
		}
	}
	free(all);
}
