/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sensor and its parent say to each other. Both pipes carry records: a sensor_header, the
 * fixed part of the type and, where the type has one, a variable tail. Host byte order; times are
 * CLOCK_BOOTTIME nanoseconds. ../layout.ts repeats the offsets and a test compares the two by BTF.
 * A change of any struct raises SENSOR_VERSION; numbers of retired types are not used again.
 */
#ifndef SEALWATCH_SENSOR_H
#define SEALWATCH_SENSOR_H

#define SENSOR_VERSION 1

/* The longest record that either side accepts. */
#define SENSOR_MAX_RECORD_BYTES 32768
#define SENSOR_MAX_COMMAND_BYTES 8192

enum sensor_type {
	SENSOR_READY = 1,
	SENSOR_EXEC = 2,
	SENSOR_FORK = 3,
	SENSOR_EXIT = 4,
	SENSOR_LOSS = 5,
	SENSOR_PONG = 6,
	SENSOR_FILE_ACTOR = 7,
	SENSOR_FILE_WRITE = 8,
	SENSOR_FILE_LOSS = 9,
	SENSOR_UNMARKED = 10,
	SENSOR_SOCKET = 11,
	SENSOR_PING = 64, /* 64 and up: from the parent */
	SENSOR_MARK = 65,
	SENSOR_UNMARK = 66,
};

enum sensor_socket_kind {
	SENSOR_CONNECT = 1,
	SENSOR_LISTEN = 2,
};

enum sensor_exec_flag {
	SENSOR_FILENAME_CUT = 1,
	SENSOR_EXE_CUT = 2,
	SENSOR_CWD_CUT = 4,
	SENSOR_ARGV_CUT = 8,
	SENSOR_EXE_DELETED = 16, /* no name leads to the image: unlinked, or a memfd */
	SENSOR_SCRIPT = 32,	 /* filename is a script, exe its interpreter */
};

struct sensor_header {
	__u32 length; /* of the whole record, this header included */
	__u16 version;
	__u16 type;
};

/* Sent once, after every program is attached. */
struct sensor_ready {
	struct sensor_header header;
	__u64 epoch_offset_ns; /* CLOCK_REALTIME - CLOCK_BOOTTIME */
	__u32 ring_bytes;
	__u32 max_argv_bytes;
};

/*
 * Tail: filename, exe, cwd, argv, each as long as its length says. filename is the string given to
 * execve without its NUL. exe and cwd are components from the leaf to the root, each ended by a NUL;
 * the reader turns them round. argv is the NUL-ended strings of the new image.
 */
struct sensor_exec {
	struct sensor_header header;
	__u64 time_ns;
	__u64 start_ns; /* of the thread-group leader, as in /proc/PID/stat */
	__u32 pid;	/* thread group, in the initial pid namespace */
	__u32 ppid;
	__u32 uid; /* effective */
	__u32 gid;
	__u32 flags;
	__u32 filename_bytes;
	__u32 exe_bytes;
	__u32 cwd_bytes;
	__u32 argv_bytes;
	__u32 reserved;
};

struct sensor_fork {
	struct sensor_header header;
	__u64 time_ns;
	__u64 start_ns;
	__u32 pid;
	__u32 ppid;
	__u32 uid;
	__u32 reserved;
};

struct sensor_exit {
	struct sensor_header header;
	__u64 time_ns;
	__u64 start_ns;
	__u32 pid;
	__u32 status; /* as wait(2) gives it */
};

/* A TCP socket begins to connect or to listen: what the kernel decided on, not what it was asked for. */
struct sensor_socket {
	struct sensor_header header;
	__u64 time_ns;
	__u64 start_ns;
	__u32 pid;
	__u32 uid;
	__u16 family; /* AF_INET or AF_INET6 */
	__u16 port;   /* remote of a connect, local of a listen */
	__u16 kind;
	__u16 reserved;
	__u8 address[16]; /* remote or local alike; an IPv4 address in the first four */
};

struct sensor_loss {
	struct sensor_header header;
	__u64 time_ns;
	__u64 lost; /* since the last such record */
};

/* Answers a ping once everything that happened before it is written. */
struct sensor_pong {
	struct sensor_header header;
	__u32 token;
	__u32 reserved;
};

/* Sent once after sensor_ready: whether it is told who writes files. */
struct sensor_file_actor {
	struct sensor_header header;
	__u32 error; /* errno that stands in the way; 0 where nothing does */
	__u32 reserved;
};

/*
 * Something was done to a name in a marked directory. Tail: the directory as it was named when it was
 * marked, and the name. mask holds the bits of fanotify(7); pid is the thread group.
 */
struct sensor_file_write {
	struct sensor_header header;
	__u64 time_ns; /* when it was read, some milliseconds after the deed at the most */
	__u64 start_ticks; /* as in /proc/PID/stat; 0 where the process is gone already */
	__u32 pid;
	__u32 mask;
	__u32 directory_bytes;
	__u32 name_bytes;
};

/* The kernel's queue was full: what was done meanwhile is not known, nor how much. */
struct sensor_file_loss {
	struct sensor_header header;
	__u64 time_ns;
};

/* A directory that cannot be marked. Tail: its path. */
struct sensor_unmarked {
	struct sensor_header header;
	__u32 error; /* errno */
	__u32 path_bytes;
};

/* SENSOR_MARK and SENSOR_UNMARK are a header and the path of a directory, without a NUL. */

struct sensor_ping {
	struct sensor_header header;
	__u32 token;
	__u32 reserved;
};

#endif
