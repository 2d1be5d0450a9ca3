// SPDX-License-Identifier: Apache-2.0
/*
 * Appends to a file by io_uring alone, so that neither open(2) nor write(2) is called: ring-write WAY FILE. The
 * work is done as it is submitted (inline), by a worker (worker), or by the ring's own thread (thread).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char text[] = "// changed\n";

struct ring {
	int fd;
	unsigned int flags;
	struct io_uring_params params;
	struct io_uring_sqe *entries;
	char *submitted, *completed;
};

static unsigned int *at(char *base, unsigned int offset)
{
	return (unsigned int *)(base + offset);
}

static int open_ring(struct ring *ring, unsigned int flags)
{
	const int access = PROT_READ | PROT_WRITE, kind = MAP_SHARED | MAP_POPULATE;
	size_t queue, results;

	memset(ring, 0, sizeof(*ring));
	ring->params.flags = flags;
	ring->params.sq_thread_idle = 1000;
	ring->fd = syscall(SYS_io_uring_setup, 4, &ring->params);
	if (ring->fd < 0)
		return 1;
	queue = ring->params.sq_off.array + ring->params.sq_entries * sizeof(unsigned int);
	results = ring->params.cq_off.cqes + ring->params.cq_entries * sizeof(struct io_uring_cqe);
	ring->submitted = mmap(NULL, queue, access, kind, ring->fd, IORING_OFF_SQ_RING);
	ring->completed = mmap(NULL, results, access, kind, ring->fd, IORING_OFF_CQ_RING);
	ring->entries = mmap(NULL, ring->params.sq_entries * sizeof(struct io_uring_sqe), access, kind,
			     ring->fd, IORING_OFF_SQES);
	return ring->submitted == MAP_FAILED || ring->completed == MAP_FAILED || ring->entries == MAP_FAILED;
}

/* Has one thing done and returns what came of it. */
static int submit(struct ring *ring, const struct io_uring_sqe *wanted)
{
	unsigned int *tail = at(ring->submitted, ring->params.sq_off.tail);
	unsigned int *head = at(ring->completed, ring->params.cq_off.head);
	unsigned int mask = *at(ring->submitted, ring->params.sq_off.ring_mask);
	struct io_uring_cqe *results = (void *)(ring->completed + ring->params.cq_off.cqes);
	unsigned int index = *tail & mask;
	int result;

	ring->entries[index] = *wanted;
	ring->entries[index].flags |= ring->flags;
	at(ring->submitted, ring->params.sq_off.array)[index] = index;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_SQ_WAKEUP, NULL, 0);
	while (*head == __atomic_load_n(at(ring->completed, ring->params.cq_off.tail), __ATOMIC_ACQUIRE))
		usleep(100);
	result = results[*head & *at(ring->completed, ring->params.cq_off.ring_mask)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

int main(int argc, char **argv)
{
	struct io_uring_sqe entry = { .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD };
	struct ring ring;
	int file;

	if (argc != 3 || open_ring(&ring, strcmp(argv[1], "thread") ? 0 : IORING_SETUP_SQPOLL))
		return 2;
	ring.flags = strcmp(argv[1], "worker") ? 0 : IOSQE_ASYNC;
	entry.addr = (uintptr_t)argv[2];
	entry.open_flags = O_WRONLY | O_APPEND;
	file = submit(&ring, &entry);
	memset(&entry, 0, sizeof(entry));
	entry.opcode = IORING_OP_WRITE;
	entry.fd = file;
	entry.addr = (uintptr_t)text;
	entry.len = sizeof(text) - 1;
	entry.off = -1;
	return file < 0 || submit(&ring, &entry) != (int)entry.len;
}
