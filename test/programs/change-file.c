// SPDX-License-Identifier: Apache-2.0
// Changes a file in one of the ways that Linux has: change-file WAY FILE OTHER. OTHER is a name to work with.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static const char text[] = "// changed\n";

static int write_to(int fd)
{
	return fd >= 0 && write(fd, text, sizeof(text) - 1) == sizeof(text) - 1 ? 0 : 1;
}

static int make(const char *path)
{
	return write_to(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
}

static int by_write(const char *file, const char *other)
{
	(void)other;
	return write_to(open(file, O_WRONLY | O_APPEND));
}

static int by_mmap(const char *file, const char *other)
{
	int fd = open(file, O_RDWR);
	char *memory = mmap(NULL, sizeof(text), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	(void)other;
	if (memory == MAP_FAILED)
		return 1;
	close(fd);
	memcpy(memory, text, sizeof(text) - 1);
	return 0;
}

static int by_rename(const char *file, const char *other)
{
	return make(other) || rename(other, file);
}

/* Twice, and the page is still writable the second time: that is no business of the kernel's. */
static int by_mmap_again(const char *file, const char *other)
{
	int fd = open(file, O_RDWR);
	char *memory = mmap(NULL, sizeof(text), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	(void)other;
	if (memory == MAP_FAILED)
		return 1;
	memcpy(memory, text, sizeof(text) - 1);
	usleep(1500000);
	memcpy(memory, "// again..", sizeof(text) - 2);
	return 0;
}

/* Leaves the old file under the other name. */
static int by_exchange(const char *file, const char *other)
{
	return make(other) || renameat2(AT_FDCWD, other, AT_FDCWD, file, RENAME_EXCHANGE);
}

/* The name that is written lies in a directory that nobody watches. */
static int by_hard_link(const char *file, const char *other)
{
	return link(file, other) || by_write(other, NULL) || unlink(other);
}

/* The file keeps its inode, and what is linked was written elsewhere. */
static int by_link_over(const char *file, const char *other)
{
	return make(other) || unlink(file) || link(other, file);
}

static int by_truncate(const char *file, const char *other)
{
	(void)other;
	return truncate(file, 3);
}

/* A descriptor for reading becomes one for writing. */
static int by_proc(const char *file, const char *other)
{
	char path[64];

	(void)other;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", open(file, O_PATH));
	return write_to(open(path, O_WRONLY | O_APPEND));
}

static int by_copy_file_range(const char *file, const char *other)
{
	int failed = make(other), from = open(other, O_RDONLY), to = open(file, O_WRONLY);

	return failed || copy_file_range(from, NULL, to, NULL, sizeof(text) - 1, 0) != sizeof(text) - 1;
}

static int by_sendfile(const char *file, const char *other)
{
	int failed = make(other), from = open(other, O_RDONLY), to = open(file, O_WRONLY);

	return failed || sendfile(to, from, NULL, sizeof(text) - 1) != sizeof(text) - 1;
}

static int by_splice(const char *file, const char *other)
{
	int fds[2], to = open(file, O_WRONLY);

	(void)other;
	return pipe(fds) || write_to(fds[1]) ||
	       splice(fds[0], NULL, to, NULL, sizeof(text) - 1, 0) != sizeof(text) - 1;
}

/* Through a symbolic link in place of the directory above. */
static int by_directory(const char *file, const char *other)
{
	char above[4096], path[4096], *name;

	snprintf(above, sizeof(above), "%s", file);
	name = strrchr(above, '/');
	*name++ = 0;
	if (symlink(above, other))
		return 1;
	snprintf(path, sizeof(path), "%s/%s", other, name);
	return by_write(path, NULL);
}

static int by_punch_hole(const char *file, const char *other)
{
	(void)other;
	return fallocate(open(file, O_WRONLY), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4);
}

/* In a process that is gone before anybody can ask who it was. */
static int by_grandchild(const char *file, const char *other)
{
	if (!fork())
		_exit(fork() ? 0 : by_write(file, other));
	usleep(100000);
	return 0;
}

static const struct {
	const char *name;
	int (*change)(const char *file, const char *other);
} ways[] = {
	{ "write", by_write },
	{ "mmap", by_mmap },
	{ "mmap-again", by_mmap_again },
	{ "rename", by_rename },
	{ "exchange", by_exchange },
	{ "hard-link", by_hard_link },
	{ "link-over", by_link_over },
	{ "truncate", by_truncate },
	{ "proc", by_proc },
	{ "copy_file_range", by_copy_file_range },
	{ "sendfile", by_sendfile },
	{ "splice", by_splice },
	{ "directory", by_directory },
	{ "punch-hole", by_punch_hole },
	{ "grandchild", by_grandchild },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc == 4 && i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(ways[i].name, argv[1]))
			return ways[i].change(argv[2], argv[3]);
	return 2;
}
