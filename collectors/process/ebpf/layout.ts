/**
 * The records of sensor/sensor.h as offsets and sizes in bytes. A test compares this table with the
 * BTF of the built sensor, so a change of one side only does not go unnoticed. Numbers are little-endian,
 * as every platform that the sensor is built for is.
 */
export const SENSOR_VERSION = 1;
export const MAX_RECORD_BYTES = 32_768;

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
  SENSOR_PING: 64,
  SENSOR_MARK: 65,
  SENSOR_UNMARK: 66,
} as const;

export const SENSOR_SOCKET_KIND = { SENSOR_CONNECT: 1, SENSOR_LISTEN: 2 } as const;

export const SENSOR_EXEC_FLAG = {
  SENSOR_FILENAME_CUT: 1,
  SENSOR_EXE_CUT: 2,
  SENSOR_CWD_CUT: 4,
  SENSOR_ARGV_CUT: 8,
  SENSOR_EXE_DELETED: 16,
  SENSOR_SCRIPT: 32,
} as const;

export const LAYOUT = {
  sensor_header: { size: 8, fields: { length: 0, version: 4, type: 6 } },
  sensor_ready: { size: 24, fields: { header: 0, epoch_offset_ns: 8, ring_bytes: 16, max_argv_bytes: 20 } },
  sensor_exec: {
    size: 64,
    fields: {
      header: 0,
      time_ns: 8,
      start_ns: 16,
      pid: 24,
      ppid: 28,
      uid: 32,
      gid: 36,
      flags: 40,
      filename_bytes: 44,
      exe_bytes: 48,
      cwd_bytes: 52,
      argv_bytes: 56,
      reserved: 60,
    },
  },
  sensor_fork: {
    size: 40,
    fields: { header: 0, time_ns: 8, start_ns: 16, pid: 24, ppid: 28, uid: 32, reserved: 36 },
  },
  sensor_exit: { size: 32, fields: { header: 0, time_ns: 8, start_ns: 16, pid: 24, status: 28 } },
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
      reserved: 38,
      address: 40,
    },
  },
  sensor_loss: { size: 24, fields: { header: 0, time_ns: 8, lost: 16 } },
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
} as const;
