// SPDX-License-Identifier: Apache-2.0
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The smallest page: a read that crosses into one that is not there fails as a whole. */
#define PAGE_BYTES 4096

int process_read(pid_t tid, __u64 address, void *into, size_t length)
{
	struct iovec local = { into, length }, remote = { (void *)(unsigned long)address, length };
	ssize_t n = process_vm_readv(tid, &local, 1, &remote, 1, 0);

	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -EFAULT;
}

int process_write(pid_t tid, __u64 address, const void *bytes, size_t length)
{
	struct iovec local = { (void *)bytes, length }, remote = { (void *)(unsigned long)address, length };
	ssize_t n = process_vm_writev(tid, &local, 1, &remote, 1, 0);

	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -EFAULT;
}

int process_path(pid_t tid, __u64 address, char path[PATH_MAX])
{
	size_t used = 0, step;
	int err;

	while (used < PATH_MAX) {
		step = PAGE_BYTES - (address + used) % PAGE_BYTES;
		if (step > PATH_MAX - used)
			step = PATH_MAX - used;
		err = process_read(tid, address + used, path + used, step);
		if (err)
			return err;
		if (memchr(path + used, 0, step))
			return 0;
		used += step;
	}
	return -ENAMETOOLONG;
}

int process_open(pid_t tid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

bool process_shares_root(pid_t tid)
{
	static const char *const names[] = { "ns/mnt", "root" };
	struct stat ours, theirs;
	char path[64];
	size_t i;

	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/proc/self/%s", names[i]);
		if (stat(path, &ours))
			return false;
		snprintf(path, sizeof(path), "/proc/%d/%s", tid, names[i]);
		if (stat(path, &theirs) || ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino)
			return false;
	}
	return true;
}

int path_of(int fd, char path[PATH_MAX])
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	if (n == PATH_MAX - 1)
		return -ENAMETOOLONG;
	path[n] = 0;
	return 0;
}
