import { closeSync, constants, openSync, readSync } from 'node:fs';
import { identityPaths, MAX_KEY_SET_BYTES, readKeySet, verifyToken } from '../../guard/index.ts';
import { CliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type Output, printable } from '../output.ts';

/** Bytes of a file with a token. */
const MAX_TOKEN_BYTES = 16 * 1024;
/** A JWS in compact serialisation begins with the `{"` of its header. */
const TOKEN = /^eyJ[\w-]*\.[\w-]*\.[\w-]*$/;

export interface IdentityOptions {
  readonly stateDir: string;
}

export interface IdentityVerifyOptions extends IdentityOptions {
  readonly audience: string;
  /** File with the keys that count; those of this host where none is named. */
  readonly jwks?: string;
}

/** `sealwatch identity jwks`: the key set with which others verify the tokens of this host. */
export function identityJwks({ stateDir }: IdentityOptions, output: Output): ExitCode {
  const text = keySetText(stateDir);
  readKeySet(text);
  output.answer(text.trimEnd());
  return EXIT.fine;
}

/** `sealwatch identity verify`: whether a token, or that of a file, would be believed now. */
export function identityVerify(token: string, options: IdentityVerifyOptions, output: Output): ExitCode {
  const { audience, jwks, stateDir } = options;
  const keys = readKeySet(jwks === undefined ? keySetText(stateDir) : readText(jwks, MAX_KEY_SET_BYTES));
  const text = TOKEN.test(token) ? token : readText(token, MAX_TOKEN_BYTES).trim();
  const verdict = verifyToken(text, { keys, audience, nowMs: Date.now() });
  if (output.json) output.answerJson(verdict);
  else if (!verdict.valid) output.answer(`refused: ${verdict.fault}`);
  else {
    const { sub, exp, ...rest } = verdict.claims;
    output.answer(`${printable(sub)}, until ${new Date(exp * 1_000).toISOString()}`);
    for (const [name, value] of Object.entries(rest)) output.answer(`  ${name}: ${printable(String(value))}`);
  }
  return verdict.valid ? EXIT.fine : EXIT.findings;
}

function keySetText(stateDir: string): string {
  return readText(
    identityPaths(stateDir).keySet,
    MAX_KEY_SET_BYTES,
    'the key is made when a server whose policy asks for an identity first starts; --jwks names other keys',
  );
}

/** @throws {CliError} */
function readText(path: string, maxBytes: number, hint?: string): string {
  try {
    const file = path === '-' ? 0 : openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return readUpTo(file, maxBytes);
    } finally {
      if (file !== 0) closeSync(file);
    }
  } catch (cause) {
    throw new CliError('CLI_FILE_UNREADABLE', `${path} cannot be read`, {
      cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

function readUpTo(file: number, maxBytes: number): string {
  const buffer = Buffer.alloc(maxBytes + 1);
  let length = 0;
  while (length < buffer.length) {
    const read = readSync(file, buffer, length, buffer.length - length, null);
    if (read === 0) break;
    length += read;
  }
  if (length > maxBytes) throw new Error(`over ${maxBytes} bytes`);
  return buffer.toString('utf8', 0, length);
}
