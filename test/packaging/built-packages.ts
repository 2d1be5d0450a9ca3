import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TempDirectory } from '../temp-directory.ts';

export const ROOT = join(import.meta.dirname, '..', '..');
/** Milliseconds that a build may take. */
const BUILD_MS = 400_000;
/** What a copy of the checkout shares with it, or needs not. */
const NOT_COPIED = ['node_modules', '.runtime', '.cache', '.git', 'dist', 'test'];

/** The version of this checkout. */
export const VERSION: string = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;

/** Runs a program and gives what it printed; its words are in the error where it fails. */
export function printed(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, LC_ALL: 'C', ...env },
    timeout: BUILD_MS,
  });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? ''}${stdout}${stderr}`);
}

/** The directory of a build, and what it said. */
interface Built {
  readonly out: string;
  readonly said: string;
}

/** Packages as one command builds them, in a directory that goes when this does. */
export class BuiltPackages implements Disposable {
  readonly home = new TempDirectory();
  readonly key: string;

  constructor() {
    const { privateKey } = generateKeyPairSync('ed25519');
    this.key = this.home.write('key.pem', String(privateKey.export({ type: 'pkcs8', format: 'pem' })), 0o600);
  }

  /** Builds into `out`/NAME from a checkout; programs in the directory `path` come before others. */
  build(name: string, words: readonly string[], root = ROOT, path = ''): Built {
    const out = this.home.at(name);
    const args = [join(root, 'scripts', 'package.mjs'), '--no-set-up', '--out', out, '--sign-key', this.key];
    const result = spawnSync(process.execPath, [...args, '--speed', 'fast', ...words], {
      encoding: 'utf8',
      env: { ...process.env, SOURCE_DATE_EPOCH: '1790000000', PATH: `${path}:${process.env['PATH']}` },
      timeout: BUILD_MS,
    });
    if (result.status === 0) return { out, said: result.stderr };
    throw new Error(`the build failed:\n${result.stdout}${result.stderr}`);
  }

  /** As `build`; null where it needs the npm registry, which cannot be reached. */
  buildByRegistry(...order: Parameters<BuiltPackages['build']>): Built | null {
    try {
      return this.build(...order);
    } catch (error) {
      if (String(error).includes('check that the npm registry can be reached')) return null;
      throw error;
    }
  }

  /** A copy of the checkout in another place; it shares what the set-up fetched. */
  copyCheckout(): string {
    const copy = this.home.at('elsewhere', 'checkout');
    mkdirSync(copy, { recursive: true });
    for (const name of readdirSync(ROOT).filter((each) => !NOT_COPIED.includes(each)))
      cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    for (const name of ['node_modules', '.runtime', 'dist'].filter((each) => existsSync(join(ROOT, each))))
      symlinkSync(join(ROOT, name), join(copy, name));
    const fetched = join('.cache', 'packages', 'npm');
    if (existsSync(join(ROOT, fetched))) {
      mkdirSync(dirname(join(copy, fetched)), { recursive: true });
      symlinkSync(join(ROOT, fetched), join(copy, fetched));
    }
    return copy;
  }

  [Symbol.dispose](): void {
    this.home[Symbol.dispose]();
  }
}
