import type { ExecRefused, FileChange, FileOpen, FileWrite, InodeChange } from '../../../wire/index.ts';
import { pathOf, ticksOf } from './exec-record.ts';
import { LAYOUT, SENSOR_EXEC_FLAG } from './layout.ts';

/** Bits of fanotify(7) (include/uapi/linux/fanotify.h), the most telling first: the kernel may join several. */
const CHANGES: readonly (readonly [number, FileChange])[] = [
  [0x80, 'rename_to'],
  [0x40, 'rename_from'],
  [0x200, 'delete'],
  [0x100, 'create'],
  [0x2 | 0x8, 'modify'],
  [0x4, 'attrib'],
];
/** The bits of st_mode(2) that tell what a file is, and of them a directory. */
const S_IFMT = 0o170_000;
const S_IFDIR = 0o040_000;

/** A record of type SENSOR_FILE_WRITE whose length was checked by the caller. */
export function fileWriteOf(record: Buffer, time: number): FileWrite | null {
  const mask = record.readUInt32LE(LAYOUT.sensor_file_write.fields.mask);
  const change = CHANGES.find(([bits]) => (mask & bits) !== 0)?.[1];
  return change === undefined ? null : { kind: 'file_write', time, ...deedOf(record), change };
}

/** A record of type SENSOR_FILE_OPEN whose length was checked by the caller. */
export function fileOpenOf(record: Buffer, time: number): FileOpen {
  return { kind: 'file_open', time, ...deedOf(record) };
}

function deedOf(record: Buffer): Pick<FileOpen, 'source' | 'pid' | 'start' | 'path'> {
  const { size, fields } = LAYOUT.sensor_file_write;
  const nameAt = size + record.readUInt32LE(fields.directory_bytes);
  const directory = record.toString('utf8', size, nameAt);
  const name = record.toString('utf8', nameAt, nameAt + record.readUInt32LE(fields.name_bytes));
  const start = Number(record.readBigUInt64LE(fields.start_ticks));
  return {
    source: 'fanotify',
    pid: record.readUInt32LE(fields.pid),
    start: start === 0 ? null : start,
    // An event about the directory itself comes under the name `.`.
    path: name === '.' || name === '' ? directory : `${directory === '/' ? '' : directory}/${name}`,
  };
}

/** A record of type SENSOR_REFUSED whose length was checked by the caller. */
export function execRefusedOf(record: Buffer, time: number): ExecRefused {
  const { size, fields } = LAYOUT.sensor_refused;
  const start = Number(record.readBigUInt64LE(fields.start_ticks));
  return {
    kind: 'exec_refused',
    time,
    source: 'fanotify',
    pid: record.readUInt32LE(fields.pid),
    start: start === 0 ? null : start,
    path: record.toString('utf8', size),
  };
}

/** A record of type SENSOR_FILE_CHANGE whose length was checked by the caller. */
export function inodeChangeOf(record: Buffer, time: number): InodeChange {
  const { size, fields } = LAYOUT.sensor_file_change;
  const cut = (record.readUInt32LE(fields.flags) & SENSOR_EXEC_FLAG.SENSOR_EXE_CUT) !== 0;
  return {
    kind: 'inode_change',
    time,
    source: 'ebpf',
    pid: record.readUInt32LE(fields.pid),
    start: ticksOf(record.readBigUInt64LE(fields.start_ns)),
    uid: record.readUInt32LE(fields.uid),
    device: `${record.readUInt32LE(fields.device_major)}:${record.readUInt32LE(fields.device_minor)}`,
    inode: Number(record.readBigUInt64LE(fields.inode)),
    path: cut ? null : pathOf(record.subarray(size)),
    directory: (record.readUInt32LE(fields.mode) & S_IFMT) === S_IFDIR,
    removed: record.readUInt32LE(fields.links) === 0,
  };
}
