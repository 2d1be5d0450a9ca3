// SPDX-License-Identifier: Apache-2.0
#include "census.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "interest.h"
#include "output.h"

#define BUCKETS 16384 /* a power of two */
/* Processes remembered after their end: what they wrote may be told later than that they ended. */
#define MAX_ENDED 8192
/* A longer record is kept without the end of its arguments. */
#define MAX_KEPT_BYTES 4096
#define MAX_KEPT_TOTAL (64 * 1024 * 1024)
#define MAX_LINEAGE 64
/* After this, what came out of an image that could be a server's, and is no member by then, is none. */
#define FOLLOW_NS 30000000000ULL

/* What came out of one image that could be a server's. */
struct follow {
	__u64 until_ns;
	size_t processes;
	bool released;
};

struct process {
	struct process *next;	    /* in its bucket */
	struct process *next_ended; /* in the order of their ends */
	struct sensor_exec *exec;   /* as kept; NULL where only the fork is known */
	struct sensor_exit exit;    /* that is still to be told; else all zero */
	__u64 start_ns;
	struct follow *follow; /* NULL for one that is not followed */
	__u32 pid;
	__u32 ppid;
	__u32 uid;
	bool told; /* the parent knows of it, and will be told all of it */
	bool ended;
};

static struct {
	struct process *buckets[BUCKETS];
	struct process *first_ended, *last_ended;
	size_t ended;
	size_t kept_bytes;
	enum census_scope scope;
} census;

void census_set_scope(enum census_scope scope)
{
	census.scope = scope;
}

static struct process **bucket_of(__u32 pid)
{
	return &census.buckets[pid & (BUCKETS - 1)];
}

/* The one that had the pid last. */
static struct process *find(__u32 pid)
{
	struct process *process = *bucket_of(pid);

	for (; process; process = process->next)
		if (process->pid == pid)
			return process;
	return NULL;
}

static void drop_exec(struct process *process)
{
	if (process->exec)
		census.kept_bytes -= process->exec->header.length;
	free(process->exec);
	process->exec = NULL;
}

static bool is_followed(const struct process *process, __u64 time_ns)
{
	const struct follow *follow = process->follow;

	return follow && !follow->released && time_ns < follow->until_ns;
}

static void set_follow(struct process *process, struct follow *follow)
{
	if (process->follow && !--process->follow->processes)
		free(process->follow);
	process->follow = follow;
	if (follow)
		follow->processes++;
}

static void begin_follow(struct process *process, __u64 time_ns)
{
	struct follow *follow = calloc(1, sizeof(*follow));

	if (!follow)
		return;
	follow->until_ns = time_ns + FOLLOW_NS;
	set_follow(process, follow);
}

static void forget(struct process *process)
{
	struct process **at = bucket_of(process->pid);

	while (*at != process)
		at = &(*at)->next;
	*at = process->next;
	drop_exec(process);
	set_follow(process, NULL);
	free(process);
}

static void forget_oldest_ended(void)
{
	struct process *oldest = census.first_ended;

	census.first_ended = oldest->next_ended;
	if (!census.first_ended)
		census.last_ended = NULL;
	census.ended--;
	forget(oldest);
}

static struct process *add(__u32 pid, __u32 ppid, __u64 start_ns)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	process->pid = pid;
	process->ppid = ppid;
	process->start_ns = start_ns;
	process->next = *bucket_of(pid);
	*bucket_of(pid) = process;
	return process;
}

/* The process of a record, made where it was not known; NULL without memory. */
static struct process *known(__u32 pid, __u32 ppid, __u64 start_ns)
{
	struct process *process = find(pid);

	if (process && process->start_ns == start_ns)
		return process;
	return add(pid, ppid, start_ns);
}

/* Arguments come last: those of a process outside of every subtree have no environment behind them. */
static void keep_exec(struct process *process, const struct sensor_exec *exec)
{
	size_t length = exec->header.length, over = length > MAX_KEPT_BYTES ? length - MAX_KEPT_BYTES : 0;

	drop_exec(process);
	while (census.kept_bytes + length > MAX_KEPT_TOTAL && census.first_ended)
		forget_oldest_ended();
	if (exec->environ_bytes || over > exec->argv_bytes || census.kept_bytes + length > MAX_KEPT_TOTAL)
		return;
	length -= over;
	process->exec = malloc(length);
	if (!process->exec)
		return;
	memcpy(process->exec, exec, length);
	process->exec->header.length = length;
	process->exec->argv_bytes -= over;
	process->exec->flags |= SENSOR_RECALLED | (over ? SENSOR_ARGV_CUT : 0);
	census.kept_bytes += length;
}

/* One that took no image of its own runs the one of its parent. */
static int tell(struct process *process)
{
	struct sensor_fork fork = {
		.header = header_of(SENSOR_FORK, sizeof(fork)),
		.time_ns = process->start_ns,
		.start_ns = process->start_ns,
		.pid = process->pid,
		.ppid = process->ppid,
		.uid = process->uid,
	};

	if (process->told)
		return 0;
	process->told = true;
	return process->exec ? emit(process->exec, process->exec->header.length) : emit(&fork, sizeof(fork));
}

int census_tell(__u32 pid)
{
	struct process *line[MAX_LINEAGE], *process;
	size_t depth = 0, i;
	int err = 0;

	if (census.scope == SCOPE_HOST)
		return 0;
	for (process = find(pid); process && depth < MAX_LINEAGE; process = find(process->ppid)) {
		/* Who has the parent's pid by now is younger than the child. */
		if (depth && process->start_ns > line[depth - 1]->start_ns)
			break;
		line[depth++] = process;
	}
	for (i = depth; i-- > 0 && !err;)
		err = tell(line[i]);
	/* All are known now by which they hang together: those that ended, ended. */
	for (i = 0; i < depth && !err; i++)
		if (line[i]->told && line[i]->exit.header.length) {
			err = emit(&line[i]->exit, sizeof(line[i]->exit));
			line[i]->exit.header.length = 0;
		}
	return err;
}

void census_release(__u32 pid)
{
	struct process *process = find(pid);

	if (process && process->follow)
		process->follow->released = true;
}

int census_review(void)
{
	struct process *process;
	size_t bucket;
	int err = 0;

	for (bucket = 0; bucket < BUCKETS; bucket++)
		for (process = census.buckets[bucket]; process && !err; process = process->next)
			if (!process->told && !process->ended && process->exec && interest_in(process->exec))
				err = census_tell(process->pid);
	return err;
}

/* Both ends of a server's conversation are made for it: they are not those of the process that starts it. */
static bool has_own_pipes(const struct sensor_exec *exec)
{
	const struct process *parent = find(exec->ppid);

	if (!(exec->stdio & 0xff) || !(exec->stdio >> 8))
		return false;
	return !parent || !parent->exec || (parent->exec->stdin_inode != exec->stdin_inode &&
					    parent->exec->stdout_inode != exec->stdout_inode);
}

static bool could_be_server(const struct sensor_exec *exec)
{
	return !exec->member.server && (has_own_pipes(exec) || interest_in(exec));
}

static bool is_heard_of(const struct sensor_exec *exec, const struct process *process)
{
	return process->told || exec->member.server || is_followed(process, exec->time_ns) ||
	       (exec->flags & SENSOR_PID_NAMESPACE);
}

static int take_exec(const struct sensor_exec *exec)
{
	struct process *process = find(exec->pid);
	bool is_candidate;
	int err;

	if (!process || process->start_ns != exec->start_ns) {
		process = add(exec->pid, exec->ppid, exec->start_ns);
		if (!process)
			return emit(exec, exec->header.length);
		/* Its fork was not seen: the parent found it itself when it began to watch. */
		process->told = true;
	}
	is_candidate = could_be_server(exec);
	keep_exec(process, exec);
	if (!is_candidate && !is_heard_of(exec, process))
		return 0;
	if (is_candidate)
		begin_follow(process, exec->time_ns);
	process->told = true;
	err = census_tell(exec->ppid);
	return err ?: emit(exec, exec->header.length);
}

static int take_fork(const struct sensor_fork *fork)
{
	const struct process *parent = find(fork->ppid);
	struct process *process = known(fork->pid, fork->ppid, fork->start_ns);

	if (!process)
		return emit(fork, sizeof(*fork));
	process->uid = fork->uid;
	if (parent)
		set_follow(process, parent->follow);
	if (!fork->member.server && !is_followed(process, fork->time_ns))
		return 0;
	process->told = true;
	return emit(fork, sizeof(*fork));
}

static int take_exit(const struct sensor_exit *exit)
{
	struct process *process = find(exit->pid);

	/* The parent may know of it from before the sensor began. */
	if (!process || process->start_ns != exit->start_ns)
		return emit(exit, sizeof(*exit));
	/* Where the kernel does not say which thread is the last one, two may be taken for it. */
	if (process->ended)
		return 0;
	process->ended = true;
	if (census.last_ended)
		census.last_ended->next_ended = process;
	else
		census.first_ended = process;
	census.last_ended = process;
	if (!process->told)
		process->exit = *exit;
	if (++census.ended > MAX_ENDED)
		forget_oldest_ended();
	return process->told ? emit(exit, sizeof(*exit)) : 0;
}

static int take_trace(const struct sensor_trace *trace)
{
	return census_tell(trace->pid) ?: census_tell(trace->tracee_pid) ?: emit(trace, sizeof(*trace));
}

/* A living member: from here on its end is told. */
static int take_member(const struct sensor_member_told *member)
{
	struct process *process = find(member->pid);

	if (process && process->start_ns == member->start_ns) {
		int err = census_tell(member->pid);

		process->told = true;
		if (err)
			return err;
	}
	return emit(member, sizeof(*member));
}

/* Of members the programs in the kernel tell all; of others only those that could be a server. */
static int take_socket(const struct sensor_socket *socket)
{
	const struct process *process = find(socket->pid);

	if (process && !process->told)
		return 0;
	return emit(socket, sizeof(*socket));
}

int census_take(const void *record, size_t length)
{
	const struct sensor_header *header = record;

	if (census.scope == SCOPE_HOST)
		return emit(record, length);
	switch (header->type) {
	case SENSOR_EXEC:
		return take_exec(record);
	case SENSOR_FORK:
		return take_fork(record);
	case SENSOR_EXIT:
		return take_exit(record);
	case SENSOR_TRACE:
		return take_trace(record);
	case SENSOR_MEMBER:
		return take_member(record);
	case SENSOR_SOCKET:
		return take_socket(record);
	default:
		return emit(record, length);
	}
}
