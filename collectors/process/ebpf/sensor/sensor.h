/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sensor and its parent say to each other. Both pipes carry records: a sensor_header, the
 * fixed part of the type and, where the type has one, a variable tail. Host byte order; times are
 * CLOCK_BOOTTIME nanoseconds. ../layout.ts repeats the offsets and a test compares the two by BTF.
 * A change of any struct raises SENSOR_VERSION; numbers of retired types are not used again.
 */
#ifndef SEALWATCH_SENSOR_H
#define SEALWATCH_SENSOR_H

#define SENSOR_VERSION 2

/* The longest record that either side accepts. */
#define SENSOR_MAX_RECORD_BYTES 32768
#define SENSOR_MAX_COMMAND_BYTES 32768

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
	SENSOR_MEMBER = 12,
	SENSOR_UNIX_SOCKET = 13,
	SENSOR_TRACE = 14,
	SENSOR_CREDENTIALS = 15,
	SENSOR_FILE_CHANGE = 16,
	SENSOR_TAMPERED = 17,
	SENSOR_FILE_OPEN = 18,
	SENSOR_REFUSED = 19,
	SENSOR_FAILED = 20,
	SENSOR_NOT_ENDED = 21,
	SENSOR_PING = 64, /* 64 and up: from the parent */
	SENSOR_MARK = 65,
	SENSOR_UNMARK = 66,
	SENSOR_TRACK = 67,
	SENSOR_POLICY = 68,
	SENSOR_SHELLS = 69,
	SENSOR_CONTAINER = 70,
	SENSOR_GUARD = 71,
	SENSOR_UNGUARD = 72,
	SENSOR_LAUNCHES = 73,
	SENSOR_PERMIT = 74,
	SENSOR_RELEASE = 75,
	SENSOR_OPTIONS = 76,
	SENSOR_END = 77,
};

enum sensor_socket_kind {
	SENSOR_CONNECT = 1,
	SENSOR_LISTEN = 2,
	SENSOR_BIND = 3, /* a datagram socket; who listens binds before, and is told then */
};

/* What a process is to its server; the parent knows the launch chain and says so with SENSOR_TRACK. */
enum sensor_role {
	SENSOR_LAUNCHER = 1,
	SENSOR_SERVER = 2,
	SENSOR_INSIDE = 3,
};

enum sensor_member_flag {
	SENSOR_FORKED = 1, /* its role is its parent's until it takes an image of its own */
};

/* What a standard stream of a new image is. */
enum sensor_stream {
	SENSOR_OTHER_STREAM = 0,
	SENSOR_PIPE = 1,
	SENSOR_SOCKET_STREAM = 2,
};

/* What is looked after against others who may use bpf(2). */
enum sensor_part {
	SENSOR_POLICIES = 1,
	SENSOR_PROGRAMS = 2,
};

enum sensor_mode {
	SENSOR_OBSERVE = 0,
	SENSOR_NO_SHELLS = 1,	  /* no image of the set of shells */
	SENSOR_ONLY_LISTED = 2,	  /* no image but those listed */
	SENSOR_NOTHING = 4,	  /* no image at all */
};

enum sensor_kill {
	SENSOR_NOT_KILLED = 0,
	SENSOR_KILLED_SHELL = 1,
	SENSOR_KILLED_UNLISTED = 2,
	SENSOR_KILLED_DENIED = 3,
};

/* What this kernel let the sensor do, beyond what it cannot do without. */
enum sensor_feature {
	SENSOR_HAS_DATAGRAMS = 1,    /* where datagrams go */
	SENSOR_HAS_PIN = 2,	     /* membership outlives the sensor */
	SENSOR_HAS_UNIX_SOCKETS = 4, /* which unix sockets are connected to */
	SENSOR_HAS_FILE_CHANGES = 8, /* what members change, told by inode */
	SENSOR_HAS_FILE_OPENS = 16,  /* what members open for writing, told by BPF LSM */
	SENSOR_HAS_EXEC_PERMISSION = 32, /* fanotify asks before a shell is executed */
};

enum sensor_exec_flag {
	SENSOR_FILENAME_CUT = 1,
	SENSOR_EXE_CUT = 2,
	SENSOR_CWD_CUT = 4,
	SENSOR_ARGV_CUT = 8,
	SENSOR_EXE_DELETED = 16, /* no name leads to the image: unlinked, or a memfd */
	SENSOR_SCRIPT = 32,	 /* filename is a script, exe its interpreter */
	SENSOR_ENVIRON_CUT = 64,
	SENSOR_PRIVILEGED = 128,     /* the image brings rights of its own: set-user-id, file capabilities */
	SENSOR_USER_NAMESPACE = 256, /* capabilities count in a user namespace below the first only */
	SENSOR_PID_NAMESPACE = 512,  /* in a pid namespace below the sensor's */
	SENSOR_RECALLED = 1024,	     /* told late, from memory: the process may have ended by now */
};

struct sensor_header {
	__u32 length; /* of the whole record, this header included */
	__u16 version;
	__u16 type;
};

/*
 * The first record to a sensor that is a service. Tail: options of its command line, each ended by a NUL; those
 * that name a place are not taken.
 */
struct sensor_options {
	struct sensor_header header;
};

/* The last record of a sensor that is a service and cannot go on. Tail: why, in words. */
struct sensor_failed {
	struct sensor_header header;
	__u32 code; /* what its exit status is */
	__u32 text_bytes;
};

/* Sent once, after every program is attached. */
struct sensor_ready {
	struct sensor_header header;
	__u64 epoch_offset_ns; /* CLOCK_REALTIME - CLOCK_BOOTTIME */
	__u32 ring_bytes;
	__u32 max_argv_bytes;
	__u32 features;
	__u32 reserved;
};

/* Membership of a server's subtree; server is a number that the parent chose, 0 for none. */
struct sensor_member {
	__u64 server;
	__u32 root; /* process that the client started */
	__u16 role;
	__u16 flags;
};

/*
 * Tail: filename, exe, cwd, argv, environ, each as long as its length says. filename is the string given
 * to execve without its NUL. exe and cwd are components from the leaf to the root, each ended by a NUL;
 * the reader turns them round. argv is the NUL-ended strings of the new image, environ those of its
 * variables that tell a loader or an interpreter what to run; of a process outside every subtree, none.
 */
struct sensor_exec {
	struct sensor_header header;
	__u64 time_ns;
	__u64 start_ns; /* of the thread-group leader, as in /proc/PID/stat */
	struct sensor_member member; /* as the new image has it */
	__u64 inode;
	__u64 capabilities; /* effective */
	__u64 cgroup;	    /* id in the unified hierarchy, the inode of its directory */
	__u64 stdin_inode;  /* of a pipe or socket; else 0 */
	__u64 stdout_inode;
	__u64 size; /* of the image */
	__u32 pid;	    /* thread group, in the sensor's pid namespace, as all here */
	__u32 ppid;
	__u32 pid_namespace; /* inode */
	__u32 stdio;	     /* two enum sensor_stream: stdin, and stdout in the second byte */
	__u32 uid; /* effective */
	__u32 gid;
	__u32 flags;
	__u32 device_major;
	__u32 device_minor;
	__u32 links; /* of the image */
	__u32 kill;
	__u32 filename_bytes;
	__u32 exe_bytes;
	__u32 cwd_bytes;
	__u32 argv_bytes;
	__u32 environ_bytes;
};

struct sensor_fork {
	struct sensor_header header;
	__u64 time_ns;
	__u64 start_ns;
	struct sensor_member member;
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
	__u32 uid;
	__u32 reserved;
};

/* A member that lives: told of each one when the sensor starts and when a process is tracked. */
struct sensor_member_told {
	struct sensor_header header;
	__u64 time_ns;
	__u64 start_ns;
	struct sensor_member member;
	__u32 pid;
	__u32 reserved;
};

/*
 * A TCP socket begins to connect or to listen: what the kernel decided on, not what it was asked for. Or a
 * member sends a datagram to an address for the first time, or takes a port for datagrams.
 */
struct sensor_socket {
	struct sensor_header header;
	__u64 time_ns;
	__u64 start_ns;
	__u32 pid;
	__u32 uid;
	__u16 family;	/* AF_INET or AF_INET6 */
	__u16 port;	/* remote of a connect, else local */
	__u16 kind;
	__u16 protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	__u8 address[16]; /* remote or local alike; an IPv4 address in the first four */
};

/* A member connects to a unix socket. An abstract name begins with a NUL. */
struct sensor_unix_socket {
	struct sensor_header header;
	__u64 time_ns;
	__u64 start_ns;
	__u32 pid;
	__u32 uid;
	__u32 path_bytes;
	char path[108]; /* UNIX_PATH_MAX */
};

/* A process controls another one (ptrace(2)), and one of them is a member. */
struct sensor_trace {
	struct sensor_header header;
	__u64 time_ns;
	__u64 start_ns; /* of the tracer */
	__u64 tracee_start_ns;
	__u32 pid;
	__u32 uid;
	__u32 tracee_pid;
	__u32 reserved;
};

/* Credentials of a member changed without execve: set*id(2), capset(2), a new user namespace, a fault of the kernel. */
struct sensor_credentials {
	struct sensor_header header;
	__u64 time_ns; /* when it was noticed: within a second, or at the exit */
	__u64 start_ns;
	__u64 capabilities;
	__u64 capabilities_before;
	__u32 pid;
	__u32 uid; /* effective, as all here */
	__u32 uid_before;
	__u32 flags; /* SENSOR_USER_NAMESPACE */
};

/*
 * A member changed a file: its content, mode, owner or links. Tail: components from the leaf to the root of
 * the file system, as in sensor_exec; one of the file's names, where it has several.
 */
struct sensor_file_change {
	struct sensor_header header;
	__u64 time_ns;
	__u64 start_ns;
	__u64 inode;
	__u32 pid;
	__u32 uid;
	__u32 device_major;
	__u32 device_minor;
	__u32 mode;
	__u32 links; /* none: it was removed */
	__u32 flags; /* SENSOR_EXE_CUT */
	__u32 path_bytes;
};

/* A member was kept from executing a file, by the answer to a question of fanotify(7). Tail: the file. */
struct sensor_refused {
	struct sensor_header header;
	__u64 time_ns;
	__u64 start_ticks; /* as in /proc/PID/stat; 0 where the process is gone already */
	__u32 pid;
	__u32 path_bytes;
};

/* What only the sensor may change was changed by somebody else, or taken away. */
struct sensor_tampered {
	struct sensor_header header;
	__u64 time_ns;
	__u32 what; /* enum sensor_part */
	__u32 reserved;
};

struct sensor_loss {
	struct sensor_header header;
	__u64 time_ns;
	__u64 lost;	    /* since the last such record */
	__u64 lost_members; /* of these in subtrees */
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

/*
 * SENSOR_MARK and SENSOR_UNMARK are a header and the path of a directory, without a NUL; SENSOR_GUARD and
 * SENSOR_UNGUARD that of a file or directory whose opening is told; SENSOR_PERMIT that of a shell which members
 * may execute only where their policy allows shells. A SENSOR_FILE_OPEN is a sensor_file_write.
 */

/* Makes a living process and what comes out of it members. */
struct sensor_track {
	struct sensor_header header;
	__u64 start_ticks; /* as in /proc/PID/stat */
	struct sensor_member member;
	__u32 pid;
	__u32 reserved;
};

/* A process that could have been a server is none: what comes out of it need not be told. */
struct sensor_release {
	struct sensor_header header;
	__u32 pid;
	__u32 reserved;
};

/* Ends a member, for a parent that may not; nobody else is ended. */
struct sensor_end {
	struct sensor_header header;
	__u64 start_ticks; /* a pid that has another owner by now is left alone */
	__u32 pid;
	__u32 reserved;
};

/* A process could not be ended. */
struct sensor_not_ended {
	struct sensor_header header;
	__u32 pid;
	__u32 error; /* errno; EPERM of one that is no member */
};

/* What members of a server may execute; replaces what was said before. Tail: paths, each with its NUL. */
struct sensor_policy {
	struct sensor_header header;
	__u64 server;
	__u32 mode;
	__u32 reserved;
};

/*
 * SENSOR_LAUNCHES is a header and pairs of words, each with its NUL: the last part of the path of a command that
 * starts a server, and the last of its arguments, each empty for any. Replaces what was said before.
 */

/* SENSOR_SHELLS is a header and these, one for each shell of the host; replaces what was said before. */
struct sensor_shell {
	__u64 inode;
	__u64 size;
};

/*
 * Makes members of all that runs in a container, or will: of the cgroup or of the pid namespace, 0 for
 * neither. Without a server in its member the container is forgotten.
 */
struct sensor_container {
	struct sensor_header header;
	__u64 cgroup;
	struct sensor_member member;
	__u32 pid_namespace;
	__u32 reserved;
};

struct sensor_ping {
	struct sensor_header header;
	__u32 token;
	__u32 reserved;
};

#endif
