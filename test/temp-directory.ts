import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A directory of its own for one test, removed at its end. */
export class TempDirectory implements Disposable {
  readonly path: string;

  constructor(path = realpathSync(mkdtempSync(join(tmpdir(), 'sealwatch-test-')))) {
    this.path = path;
  }

  at(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  write(relative: string, content: string | Uint8Array | object, mode = 0o644): string {
    const path = this.at(relative);
    mkdirSync(dirname(path), { recursive: true });
    const isRaw = typeof content === 'string' || content instanceof Uint8Array;
    writeFileSync(path, isRaw ? content : JSON.stringify(content, null, 2));
    chmodSync(path, mode);
    return path;
  }

  /** Text of a file in it. */
  read(...parts: string[]): string {
    return readFileSync(this.at(...parts), 'utf8');
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
