import { spawn } from 'node:child_process';
import { createECDH, createPrivateKey, type KeyObject } from 'node:crypto';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import * as z from 'zod';
import { writeDurably } from '../../approval/index.ts';
import { type KeyKeeper, textOf } from './key-keeper.ts';

const TOOLS = ['tpm2_createprimary', 'tpm2_create', 'tpm2_load', 'tpm2_unseal'] as const;
/** Milliseconds that one command of the TPM may take; making a primary key takes a slow one some seconds. */
const TOOL_TIMEOUT_MS = 30_000;
/** Bytes of an answer. */
const MAX_OUTPUT_BYTES = 64 * 1024;
/** Bytes of a P-256 private key. */
const SCALAR_BYTES = 32;
const CURVE = 'prime256v1';

const sealedSchema = z.object({ v: z.literal(1), public: z.base64(), private: z.base64() });

/** How programs of tpm2-tools are run; a test gives its own environment. */
export interface TpmOptions {
  /** `PATH` and `TPM2TOOLS_TCTI` count. */
  readonly env: NodeJS.ProcessEnv;
}

/** Whether the tools are there and a TPM answers them. */
export async function hasTpm(options: TpmOptions): Promise<boolean> {
  const directories = (options.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const isThere = (tool: string) => directories.some((directory) => isExecutable(join(directory, tool)));
  if (!TOOLS.every(isThere)) return false;
  return await inScratch(options, primary).then(
    () => true,
    () => false,
  );
}

/**
 * A key that only the TPM of this machine gives back: its private part is sealed under a primary key of the owner hierarchy
 * (TPM 2.0, part 1, section 24), which a copy of the disk in another machine cannot make.
 */
export function sealedKey(path: string, options: TpmOptions): KeyKeeper {
  return {
    name: 'tpm',
    read: async () => {
      const text = textOf(path);
      if (text === null) return null;
      const sealed = sealedSchema.parse(JSON.parse(text));
      return await inScratch(options, async (scratch) => keyOf(await unseal(scratch, sealed)));
    },
    write: async (key) => {
      const sealed = await inScratch(options, (scratch) => seal(scratch, scalarOf(key)));
      writeDurably(path, JSON.stringify(sealed), 0o600);
    },
    remove: () => rmSync(path, { force: true }),
  };
}

/** A directory for what the tools hand to each other, none of it secret, and the way to run one of them. */
interface Scratch {
  at(name: string): string;
  run(tool: string, args: readonly string[], input?: Uint8Array): Promise<Buffer>;
}

async function inScratch<T>(options: TpmOptions, use: (scratch: Scratch) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'sealwatch-tpm-'));
  const scratch: Scratch = {
    at: (name) => join(directory, name),
    run: async (tool, args, input) => {
      const output = await runTool(options, tool, args, input);
      // A TPM without a resource manager keeps what was loaded, and has room for three; the tools load it again from files.
      await runTool(options, 'tpm2_flushcontext', ['--transient-object']).catch(() => undefined);
      return output;
    },
  };
  try {
    return await use(scratch);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function primary(scratch: Scratch): Promise<void> {
  await scratch.run('tpm2_createprimary', ['-Q', '-C', 'o', '-G', 'ecc', '-c', scratch.at('primary')]);
}

/** The key goes to the tool by its standard input: arguments can be read by every process. */
async function seal(scratch: Scratch, scalar: Buffer): Promise<z.infer<typeof sealedSchema>> {
  await primary(scratch);
  const [open, secret] = [scratch.at('public'), scratch.at('private')];
  const args = ['-Q', '-C', scratch.at('primary'), '-i', '-', '-u', open, '-r', secret];
  await scratch.run('tpm2_create', args, scalar);
  const text = (path: string) => readFileSync(path).toString('base64');
  return { v: 1, public: text(open), private: text(secret) };
}

async function unseal(scratch: Scratch, sealed: z.infer<typeof sealedSchema>): Promise<Buffer> {
  const [open, secret] = [scratch.at('public'), scratch.at('private')];
  writeFileSync(open, Buffer.from(sealed.public, 'base64'), { mode: 0o600 });
  writeFileSync(secret, Buffer.from(sealed.private, 'base64'), { mode: 0o600 });
  await primary(scratch);
  const loaded = scratch.at('loaded');
  await scratch.run('tpm2_load', ['-Q', '-C', scratch.at('primary'), '-u', open, '-r', secret, '-c', loaded]);
  return await scratch.run('tpm2_unseal', ['-c', loaded]);
}

function runTool(
  { env }: TpmOptions,
  tool: string,
  args: readonly string[],
  input: Uint8Array = new Uint8Array(),
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, { env, timeout: TOOL_TIMEOUT_MS, killSignal: 'SIGKILL' });
    const chunks: Buffer[] = [];
    let complaint = '';
    let bytes = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_OUTPUT_BYTES) chunks.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (complaint.length < 500) complaint += String(chunk);
    });
    child.on('error', reject);
    child.stdin.on('error', () => undefined);
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(chunks));
      else reject(new Error(`${tool} failed: ${complaint.trim().slice(0, 500)}`));
    });
    child.stdin.end(input);
  });
}

function scalarOf(key: KeyObject): Buffer {
  const scalar = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
  if (scalar.length !== SCALAR_BYTES) throw new Error('the key is no P-256 key');
  return scalar;
}

function keyOf(scalar: Buffer): KeyObject {
  if (scalar.length !== SCALAR_BYTES) throw new Error('what the TPM gave back is no P-256 key');
  const curve = createECDH(CURVE);
  curve.setPrivateKey(scalar);
  // An uncompressed point: 4, then x, then y (SEC 1, section 2.3.3).
  const point = curve.getPublicKey();
  const [x, y] = [point.subarray(1, 1 + SCALAR_BYTES), point.subarray(1 + SCALAR_BYTES)];
  const text = (part: Buffer) => part.toString('base64url');
  return createPrivateKey({
    key: { kty: 'EC', crv: 'P-256', d: text(scalar), x: text(x), y: text(y) },
    format: 'jwk',
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
