import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Document, LineCounter, parseDocument } from 'yaml';
import type * as z from 'zod';
import { isExposed } from '../../approval/index.ts';
import { CentralError } from '../errors.ts';
import { type DatabasePlace, placeOf } from '../store/place.ts';
import { type CentralConfig, centralConfigSchema } from './settings.ts';

const MAX_CONFIG_BYTES = 1024 * 1024;
/** Faults that are told at once. */
const MAX_TOLD = 50;

/**
 * Reads central's config file. Who can write it decides where alerts go, so nobody but its owner and root may.
 * @throws {CentralError} CENTRAL_CONFIG_UNREADABLE, _EXPOSED, or _INVALID with every fault, its key and its line
 */
export function loadCentralConfig(path: string): CentralConfig {
  const file = resolve(path);
  const text = readPrivately(file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw invalid(
      file,
      document.errors.map((fault) => `${file}:${lines.linePos(fault.pos[0]).line}: ${fault.message}`),
    );
  }
  const parsed = centralConfigSchema.safeParse(plainValue(document, file));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues
    .flatMap((issue) => faultsOf(issue, document, lines))
    .toSorted((one, other) => one.line - other.line);
  throw invalid(
    file,
    faults.map(({ line, words }) => `${file}:${line}: ${words}`),
  );
}

/** Where the data is. @throws {CentralError} CENTRAL_DATABASE_URL_INVALID */
export function databaseOf(config: CentralConfig): DatabasePlace {
  return placeOf(config.database ?? join(config.state_dir, 'central.db'));
}

function readPrivately(file: string): string {
  let exposed: string | undefined;
  let text = '';
  try {
    exposed = [file, dirname(file)].find(isExposed);
    if (statSync(file).size > MAX_CONFIG_BYTES) throw new Error(`over ${MAX_CONFIG_BYTES} bytes`);
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CentralError('CENTRAL_CONFIG_UNREADABLE', `${file} cannot be read: ${String(cause)}`, {
      cause,
    });
  }
  if (exposed === undefined) return text;
  throw new CentralError('CENTRAL_CONFIG_EXPOSED', `${exposed} could have been written by others`, {
    hint: `chmod go-w ${exposed}`,
  });
}

function invalid(file: string, faults: readonly string[]): CentralError {
  const more = faults.length > MAX_TOLD ? [`and ${faults.length - MAX_TOLD} more`] : [];
  const shown = [...faults.slice(0, MAX_TOLD), ...more];
  return new CentralError('CENTRAL_CONFIG_INVALID', `${file} has faults:\n${shown.join('\n')}`, {
    hint: 'docs/central-config.md describes every key',
  });
}

function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 10 });
  } catch (cause) {
    throw new CentralError('CENTRAL_CONFIG_INVALID', `${file}: ${String(cause)}`, { cause });
  }
}

interface Fault {
  readonly line: number;
  readonly words: string;
}

/** What is wrong, one fault for each unknown key, at the line of the key or, where that is missing, of what it misses in. */
function faultsOf(issue: z.core.$ZodIssue, document: Document, lines: LineCounter): readonly Fault[] {
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys : null;
  if (unknown !== null) {
    return unknown.map((key) => {
      const path = [...issue.path, key];
      return { line: lineOf(path, document, lines), words: `${keyOf(path)}: there is no such key` };
    });
  }
  const where = issue.path.length === 0 ? '' : `${keyOf(issue.path)}: `;
  return [{ line: lineOf(issue.path, document, lines), words: `${where}${issue.message}` }];
}

function keyOf(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

function lineOf(path: readonly PropertyKey[], document: Document, lines: LineCounter): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    const range: unknown = typeof node === 'object' && node !== null ? Reflect.get(node, 'range') : undefined;
    const start: unknown = Array.isArray(range) ? range[0] : undefined;
    if (typeof start === 'number') return lines.linePos(start).line;
  }
  return 1;
}
