import type { FileChange, FileWrite } from '../../../wire/index.ts';
import { LAYOUT, SENSOR_TYPE, SENSOR_VERSION } from './layout.ts';

/** A directory whose writers are asked for; `identity` tells it from another one under the same name. */
export interface ActorDirectory {
  readonly path: string;
  readonly identity: string;
}

const MAX_PATH_BYTES = 4_095;

/** Bits of fanotify(7) (include/uapi/linux/fanotify.h), the most telling first: the kernel may join several. */
const CHANGES: readonly (readonly [number, FileChange])[] = [
  [0x80, 'rename_to'],
  [0x40, 'rename_from'],
  [0x200, 'delete'],
  [0x100, 'create'],
  [0x2 | 0x8, 'modify'],
  [0x4, 'attrib'],
];

/** A record of type SENSOR_FILE_WRITE whose length was checked by the caller. */
export function fileWriteOf(record: Buffer, time: number): FileWrite | null {
  const { size, fields } = LAYOUT.sensor_file_write;
  const nameAt = size + record.readUInt32LE(fields.directory_bytes);
  const mask = record.readUInt32LE(fields.mask);
  const change = CHANGES.find(([bits]) => (mask & bits) !== 0)?.[1];
  const directory = record.toString('utf8', size, nameAt);
  const name = record.toString('utf8', nameAt, nameAt + record.readUInt32LE(fields.name_bytes));
  if (change === undefined) return null;
  const start = Number(record.readBigUInt64LE(fields.start_ticks));
  return {
    kind: 'file_write',
    time,
    source: 'fanotify',
    pid: record.readUInt32LE(fields.pid),
    start: start === 0 ? null : start,
    // An event about the directory itself comes under the name `.`.
    path: name === '.' || name === '' ? directory : `${directory === '/' ? '' : directory}/${name}`,
    change,
  };
}

/** Which directories the sensor marks: told apart by what differs from what it was told before. */
export class ActorMarks {
  #wanted: ReadonlyMap<string, string> = new Map();

  /** The commands that bring a sensor from what it marks to these directories. */
  change(directories: readonly ActorDirectory[]): readonly Buffer[] {
    const before = this.#wanted;
    this.#wanted = new Map(directories.map(({ path, identity }) => [path, identity]));
    const gone = [...before].filter(([path, identity]) => this.#wanted.get(path) !== identity);
    const fresh = [...this.#wanted].filter(([path, identity]) => before.get(path) !== identity);
    return [
      ...gone.map(([path]) => commandOf(SENSOR_TYPE.SENSOR_UNMARK, path)),
      ...fresh.map(([path]) => commandOf(SENSOR_TYPE.SENSOR_MARK, path)),
    ].filter((command) => command !== null);
  }

  /** The commands for a sensor that marks nothing yet. */
  all(): readonly Buffer[] {
    return [...this.#wanted.keys()]
      .map((path) => commandOf(SENSOR_TYPE.SENSOR_MARK, path))
      .filter((command) => command !== null);
  }
}

function commandOf(type: number, path: string): Buffer | null {
  const text = Buffer.from(path);
  if (text.length === 0 || text.length > MAX_PATH_BYTES) return null;
  const { size, fields } = LAYOUT.sensor_header;
  const command = Buffer.alloc(size + text.length);
  command.writeUInt32LE(command.length, fields.length);
  command.writeUInt16LE(SENSOR_VERSION, fields.version);
  command.writeUInt16LE(type, fields.type);
  text.copy(command, size);
  return command;
}
