// SPDX-License-Identifier: Apache-2.0
// Reads a file in one of the ways that Linux has and prints what it begins with: read-file WAY FILE.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SHOWN 16

static int show(int fd)
{
	char text[SHOWN];
	ssize_t n = read(fd, text, sizeof(text));

	return n > 0 && fwrite(text, n, 1, stdout) == 1 ? 0 : 1;
}

static int by_read(const char *file)
{
	return show(open(file, O_RDONLY));
}

static int by_mmap(const char *file)
{
	char *memory = mmap(NULL, SHOWN, PROT_READ, MAP_PRIVATE, open(file, O_RDONLY), 0);

	return memory == MAP_FAILED || fwrite(memory, 8, 1, stdout) != 1;
}

/* A descriptor that leads there without having opened it. */
static int by_proc(const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", open(file, O_PATH));
	return show(open(path, O_RDONLY));
}

static int by_directory(const char *file)
{
	char above[4096];
	const char *name = strrchr(file, '/') + 1;

	snprintf(above, sizeof(above), "%.*s", (int)(name - file), file);
	return chdir(above) || show(open(name, O_RDONLY));
}

static int by_handle(const char *file)
{
	struct {
		struct file_handle handle;
		unsigned char bytes[MAX_HANDLE_SZ];
	} found = { .handle.handle_bytes = MAX_HANDLE_SZ };
	int mount;

	if (name_to_handle_at(AT_FDCWD, file, &found.handle, &mount, 0))
		return 1;
	return show(open_by_handle_at(open("/", O_RDONLY), &found.handle, O_RDONLY));
}

static const struct {
	const char *name;
	int (*reads)(const char *file);
} ways[] = {
	{ "read", by_read },	       { "mmap", by_mmap },	{ "proc", by_proc },
	{ "directory", by_directory }, { "handle", by_handle },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc == 3 && i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(ways[i].name, argv[1]))
			return ways[i].reads(argv[2]);
	return 2;
}
