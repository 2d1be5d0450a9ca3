/**
 * The records of sensor/sensor.h as offsets and sizes in bytes. A test compares this table with the
 * BTF of the built sensor, so a change of one side only does not go unnoticed. Numbers are little-endian,
 * as every platform that the sensor is built for is.
 */
export const SENSOR_VERSION = 2;
export const MAX_RECORD_BYTES = 32_768;
export const MAX_COMMAND_BYTES = 32_768;

/** Types of records; retired numbers are not used again. */
export const SENSOR_TYPE = {
  SENSOR_READY: 1,
  SENSOR_EXEC: 2,
  SENSOR_FORK: 3,
  SENSOR_EXIT: 4,
  SENSOR_LOSS: 5,
  SENSOR_PONG: 6,
  SENSOR_FILE_ACTOR: 7,
  SENSOR_FILE_WRITE: 8,
  SENSOR_FILE_LOSS: 9,
  SENSOR_UNMARKED: 10,
  SENSOR_SOCKET: 11,
  SENSOR_MEMBER: 12,
  SENSOR_UNIX_SOCKET: 13,
  SENSOR_TRACE: 14,
  SENSOR_CREDENTIALS: 15,
  SENSOR_FILE_CHANGE: 16,
  SENSOR_TAMPERED: 17,
  SENSOR_FILE_OPEN: 18,
  SENSOR_REFUSED: 19,
  SENSOR_FAILED: 20,
  SENSOR_PING: 64,
  SENSOR_MARK: 65,
  SENSOR_UNMARK: 66,
  SENSOR_TRACK: 67,
  SENSOR_POLICY: 68,
  SENSOR_SHELLS: 69,
  SENSOR_CONTAINER: 70,
  SENSOR_GUARD: 71,
  SENSOR_UNGUARD: 72,
  SENSOR_LAUNCHES: 73,
  SENSOR_PERMIT: 74,
  SENSOR_RELEASE: 75,
  SENSOR_OPTIONS: 76,
} as const;
export const SENSOR_EXEC_FLAG = {
  SENSOR_FILENAME_CUT: 1,
  SENSOR_EXE_CUT: 2,
  SENSOR_CWD_CUT: 4,
  SENSOR_ARGV_CUT: 8,
  SENSOR_EXE_DELETED: 16,
  SENSOR_SCRIPT: 32,
  SENSOR_ENVIRON_CUT: 64,
  SENSOR_PRIVILEGED: 128,
  SENSOR_USER_NAMESPACE: 256,
  SENSOR_PID_NAMESPACE: 512,
  SENSOR_RECALLED: 1024,
} as const;
export const SENSOR_SOCKET_KIND = { SENSOR_CONNECT: 1, SENSOR_LISTEN: 2, SENSOR_BIND: 3 } as const;
export const SENSOR_ROLE = { SENSOR_LAUNCHER: 1, SENSOR_SERVER: 2, SENSOR_INSIDE: 3 } as const;
export const SENSOR_MEMBER_FLAG = { SENSOR_FORKED: 1 } as const;
export const SENSOR_MODE = {
  SENSOR_OBSERVE: 0,
  SENSOR_NO_SHELLS: 1,
  SENSOR_ONLY_LISTED: 2,
  SENSOR_NOTHING: 4,
} as const;
export const SENSOR_KILL = {
  SENSOR_NOT_KILLED: 0,
  SENSOR_KILLED_SHELL: 1,
  SENSOR_KILLED_UNLISTED: 2,
  SENSOR_KILLED_DENIED: 3,
} as const;
export const SENSOR_FEATURE = {
  SENSOR_HAS_DATAGRAMS: 1,
  SENSOR_HAS_PIN: 2,
  SENSOR_HAS_UNIX_SOCKETS: 4,
  SENSOR_HAS_FILE_CHANGES: 8,
  SENSOR_HAS_FILE_OPENS: 16,
  SENSOR_HAS_EXEC_PERMISSION: 32,
} as const;
export const SENSOR_STREAM = { SENSOR_OTHER_STREAM: 0, SENSOR_PIPE: 1, SENSOR_SOCKET_STREAM: 2 } as const;
export const SENSOR_PART = { SENSOR_POLICIES: 1, SENSOR_PROGRAMS: 2 } as const;

export const LAYOUT = {
  sensor_member: { size: 16, fields: { server: 0, root: 8, role: 12, flags: 14 } },
  sensor_ready: {
    size: 32,
    fields: { header: 0, epoch_offset_ns: 8, ring_bytes: 16, max_argv_bytes: 20, features: 24, reserved: 28 },
  },
  sensor_options: { size: 8, fields: { header: 0 } },
  sensor_failed: { size: 16, fields: { header: 0, code: 8, text_bytes: 12 } },
  sensor_header: { size: 8, fields: { length: 0, version: 4, type: 6 } },
  sensor_fork: {
    size: 56,
    fields: { header: 0, time_ns: 8, start_ns: 16, member: 24, pid: 40, ppid: 44, uid: 48, reserved: 52 },
  },
  sensor_exit: {
    size: 40,
    fields: { header: 0, time_ns: 8, start_ns: 16, pid: 24, status: 28, uid: 32, reserved: 36 },
  },
  sensor_socket: {
    size: 56,
    fields: {
      header: 0,
      time_ns: 8,
      start_ns: 16,
      pid: 24,
      uid: 28,
      family: 32,
      port: 34,
      kind: 36,
      protocol: 38,
      address: 40,
    },
  },
  sensor_unix_socket: {
    size: 144,
    fields: { header: 0, time_ns: 8, start_ns: 16, pid: 24, uid: 28, path_bytes: 32, path: 36 },
  },
  sensor_trace: {
    size: 48,
    fields: {
      header: 0,
      time_ns: 8,
      start_ns: 16,
      tracee_start_ns: 24,
      pid: 32,
      uid: 36,
      tracee_pid: 40,
      reserved: 44,
    },
  },
  sensor_member_told: {
    size: 48,
    fields: { header: 0, time_ns: 8, start_ns: 16, member: 24, pid: 40, reserved: 44 },
  },
  sensor_loss: { size: 32, fields: { header: 0, time_ns: 8, lost: 16, lost_members: 24 } },
  sensor_pong: { size: 16, fields: { header: 0, token: 8, reserved: 12 } },
  sensor_ping: { size: 16, fields: { header: 0, token: 8, reserved: 12 } },
  sensor_file_actor: { size: 16, fields: { header: 0, error: 8, reserved: 12 } },
  sensor_file_write: {
    size: 40,
    fields: {
      header: 0,
      time_ns: 8,
      start_ticks: 16,
      pid: 24,
      mask: 28,
      directory_bytes: 32,
      name_bytes: 36,
    },
  },
  sensor_file_loss: { size: 16, fields: { header: 0, time_ns: 8 } },
  sensor_unmarked: { size: 16, fields: { header: 0, error: 8, path_bytes: 12 } },
  sensor_policy: { size: 24, fields: { header: 0, server: 8, mode: 16, reserved: 20 } },
  sensor_shell: { size: 16, fields: { inode: 0, size: 8 } },
  sensor_credentials: {
    size: 56,
    fields: {
      header: 0,
      time_ns: 8,
      start_ns: 16,
      capabilities: 24,
      capabilities_before: 32,
      pid: 40,
      uid: 44,
      uid_before: 48,
      flags: 52,
    },
  },
  sensor_file_change: {
    size: 64,
    fields: {
      header: 0,
      time_ns: 8,
      start_ns: 16,
      inode: 24,
      pid: 32,
      uid: 36,
      device_major: 40,
      device_minor: 44,
      mode: 48,
      links: 52,
      flags: 56,
      path_bytes: 60,
    },
  },
  sensor_release: { size: 16, fields: { header: 0, pid: 8, reserved: 12 } },
  sensor_refused: { size: 32, fields: { header: 0, time_ns: 8, start_ticks: 16, pid: 24, path_bytes: 28 } },
  sensor_tampered: { size: 24, fields: { header: 0, time_ns: 8, what: 16, reserved: 20 } },
  sensor_container: {
    size: 40,
    fields: { header: 0, cgroup: 8, member: 16, pid_namespace: 32, reserved: 36 },
  },
  sensor_exec: {
    size: 152,
    fields: {
      header: 0,
      time_ns: 8,
      start_ns: 16,
      member: 24,
      inode: 40,
      capabilities: 48,
      cgroup: 56,
      stdin_inode: 64,
      stdout_inode: 72,
      size: 80,
      pid: 88,
      ppid: 92,
      pid_namespace: 96,
      stdio: 100,
      uid: 104,
      gid: 108,
      flags: 112,
      device_major: 116,
      device_minor: 120,
      links: 124,
      kill: 128,
      filename_bytes: 132,
      exe_bytes: 136,
      cwd_bytes: 140,
      argv_bytes: 144,
      environ_bytes: 148,
    },
  },
  sensor_track: { size: 40, fields: { header: 0, start_ticks: 8, member: 16, pid: 32, reserved: 36 } },
} as const;
