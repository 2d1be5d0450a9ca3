import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { haveProgram } from '../debian-package.ts';

/** Where Debian's `faketime` keeps the library that programs are started with. */
const LIBRARIES = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu'].map(
  (directory) => `${directory}/faketime/libfaketimeMT.so.1`,
);

function library(): string | undefined {
  return LIBRARIES.find((path) => existsSync(path));
}

/** For a test's `skip`: why no clock can be set here, or false. */
export function withoutFakeClocks(): string | false {
  if (library() === undefined) haveProgram('faketime', 'faketime');
  return library() === undefined && 'faketime is not installed and cannot be';
}

/** The wall clock of the programs that run under it: real ones, whose CLOCK_REALTIME is off by so many days. */
export class FakeClock {
  readonly #file: string;

  /** `file`: keeps by how much it is off. */
  constructor(file: string) {
    this.#file = file;
    this.set(0);
  }

  /** Days ahead of the host's clock, or behind it; programs that run see it within a second. */
  set(days: number): void {
    writeFileSync(`${this.#file}.new`, `${days < 0 ? '' : '+'}${days}d\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }

  /** Monotonic clocks, and times of files, stay what they are. */
  on(command: readonly string[]): readonly string[] {
    const variables = {
      LD_PRELOAD: library() ?? '',
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
      FAKETIME_DONT_RESET: '1',
    };
    return ['env', ...Object.entries(variables).map(([name, value]) => `${name}=${value}`), ...command];
  }
}
