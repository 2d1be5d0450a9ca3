import type { Fault } from '../errors.ts';
import { MAX_CONFIG_BYTES, MAX_YAML_BYTES } from '../limits.ts';
import { parseJsonc } from './jsonc.ts';
import { type ReadResult, readBounded } from './read.ts';
import { parseToml } from './toml.ts';
import { type ConfigDocument, LineIndex } from './value.ts';
import { parseYaml } from './yaml.ts';

const CONFIG_FORMATS = ['jsonc', 'toml', 'yaml'] as const;
export type ConfigFormat = (typeof CONFIG_FORMATS)[number];

const PARSERS: Readonly<Record<ConfigFormat, (text: string) => ConfigDocument>> = {
  jsonc: parseJsonc,
  toml: parseToml,
  yaml: parseYaml,
};
const BYTE_LIMITS: Readonly<Record<ConfigFormat, number>> = {
  jsonc: MAX_CONFIG_BYTES,
  toml: MAX_CONFIG_BYTES,
  yaml: MAX_YAML_BYTES,
};

/** A config file read and parsed; `document` is null where it is missing or could not be read. */
export interface ConfigFile {
  readonly missing: boolean;
  readonly document: ConfigDocument | null;
  /** False where the file is not what its format asks for, even if servers could be read from it. */
  readonly valid: boolean;
  readonly faults: readonly Fault[];
  readonly realPath: string | null;
  readonly links: readonly string[];
}

export function readConfigFile(path: string, format: ConfigFormat): ConfigFile {
  const read = readBounded(path, BYTE_LIMITS[format]);
  if (read.kind !== 'read') return unread(read);
  const text = new TextDecoder('utf-8').decode(read.bytes);
  const document = PARSERS[format](text);
  const encoding = encodingFault(read.bytes);
  const place = { missing: false, realPath: read.realPath, links: read.links };
  if (encoding === null)
    return { ...place, document, valid: document.root !== null, faults: document.faults };
  // Clients decode leniently and go on, so the servers are listed beside the fault.
  const faults = document.root === null ? [encoding] : [encoding, ...document.faults];
  return { ...place, document, valid: false, faults };
}

export function formatOfPath(path: string): ConfigFormat {
  const lower = path.toLowerCase();
  if (lower.endsWith('.toml')) return 'toml';
  return lower.endsWith('.yaml') || lower.endsWith('.yml') ? 'yaml' : 'jsonc';
}

function unread(read: Exclude<ReadResult, { kind: 'read' }>): ConfigFile {
  const missing = read.kind === 'missing';
  const faults = read.kind === 'fault' ? [read.fault] : [];
  return { missing, document: null, valid: false, faults, realPath: null, links: read.links };
}

function encodingFault(bytes: Buffer): Fault | null {
  if (isUtf8(bytes)) return null;
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return { code: 'CONFIG_NOT_UTF8', message: 'is UTF-16, not UTF-8', at: { line: 1, column: 1 } };
  }
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isUtf8(bytes.subarray(0, middle), true)) good = middle;
    else bad = middle;
  }
  const before = new TextDecoder('utf-8').decode(bytes.subarray(0, good), { stream: true });
  const at = new LineIndex(before).positionAt(before.length);
  return { code: 'CONFIG_NOT_UTF8', message: `a byte at offset ${good} is not UTF-8`, at };
}

function isUtf8(bytes: Buffer, mayEndEarly = false): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: mayEndEarly });
    return true;
  } catch {
    return false;
  }
}
