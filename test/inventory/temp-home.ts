import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  HashCache,
  type Inventory,
  type InventoryOptions,
  NO_RUNNING_CLIENTS,
  takeInventory,
} from '../../inventory/index.ts';

/** A directory of its own for one test, removed at its end. */
export class TempHome implements Disposable {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'sealwatch-inventory-')));

  write(relative: string, content: string | Uint8Array | object, mode = 0o644): string {
    const path = join(this.path, relative);
    mkdirSync(dirname(path), { recursive: true });
    const isRaw = typeof content === 'string' || content instanceof Uint8Array;
    writeFileSync(path, isRaw ? content : JSON.stringify(content, null, 2));
    chmodSync(path, mode);
    return path;
  }

  /** Scans this home alone, with a PATH of its own `bin`. */
  scan(options: Partial<InventoryOptions> = {}): Promise<Inventory> {
    return takeInventory({
      users: [{ name: 'root', uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, home: this.path }],
      roots: [],
      platform: 'linux',
      env: { HOME: this.path, PATH: `${join(this.path, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin` },
      salt: 'test',
      cache: new HashCache(),
      systemRoot: join(this.path, 'system'),
      runningClients: NO_RUNNING_CLIENTS,
      ...options,
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
