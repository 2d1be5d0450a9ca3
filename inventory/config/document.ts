import type { Fault } from '../errors.ts';
import { MAX_CONFIG_BYTES, MAX_TOML_BYTES, MAX_YAML_BYTES } from '../limits.ts';
import { embeddedDocument } from './embedded.ts';
import { decodeText, type Encoding } from './encoding.ts';
import { parseJsonc } from './jsonc.ts';
import { isBinaryPlist, parseBinaryPlist } from './plist-binary.ts';
import { parseXmlPlist } from './plist-xml.ts';
import { type ReadResult, readBounded } from './read.ts';
import { parseToml } from './toml.ts';
import { brokenDocument, type ConfigDocument } from './value.ts';
import { parseYaml } from './yaml.ts';

export const CONFIG_FORMATS = ['jsonc', 'toml', 'yaml', 'plist'] as const;
export type ConfigFormat = (typeof CONFIG_FORMATS)[number];

const PARSERS: Readonly<Record<ConfigFormat, (text: string) => ConfigDocument>> = {
  jsonc: parseJsonc,
  toml: parseToml,
  yaml: parseYaml,
  plist: parseXmlPlist,
};
const BYTE_LIMITS: Readonly<Record<ConfigFormat, number>> = {
  jsonc: MAX_CONFIG_BYTES,
  toml: MAX_TOML_BYTES,
  yaml: MAX_YAML_BYTES,
  plist: MAX_CONFIG_BYTES,
};

/** How a client reads its files, beyond their format. */
export interface Reading {
  /** The config is a base64 text at this key of the file, in this format. */
  readonly embedded?: { readonly key: readonly string[]; readonly format: ConfigFormat } | undefined;
  /** Encodings that the client takes; UTF-8 alone where absent. */
  readonly encodings?: readonly Encoding[] | undefined;
}

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

/**
 * Reads and parses one config file; never throws for what lies at the path. Where the config is embedded in
 * the file, `document` is the inner one, and null where the file has no such key.
 */
export function readConfigFile(path: string, format: ConfigFormat, reading: Reading = {}): ConfigFile {
  const read = readBounded(path, BYTE_LIMITS[format]);
  if (read.kind !== 'read') return unread(read);
  const place = { missing: false, realPath: read.realPath, links: read.links };
  const outer = parseConfigBytes(read.bytes, format, reading.encodings);
  const { embedded } = reading;
  if (embedded === undefined || outer.document.root === null) return { ...place, ...outer };
  let valid = outer.valid;
  const document = embeddedDocument(outer.document, embedded.key, (bytes) => {
    const inner = parseConfigBytes(bytes, embedded.format, ['utf-8']);
    valid &&= inner.valid;
    return { ...inner.document, faults: inner.faults };
  });
  if (document === null) return { ...place, document, valid, faults: outer.faults };
  valid &&= document.root !== null;
  return { ...place, document, valid, faults: [...outer.faults, ...document.faults] };
}

export interface ParsedBytes {
  readonly document: ConfigDocument;
  readonly valid: boolean;
  readonly faults: readonly Fault[];
}

/** Parses the bytes of a config; throws for nothing that they may hold. */
export function parseConfigBytes(
  bytes: Buffer,
  format: ConfigFormat,
  encodings: readonly Encoding[] = ['utf-8'],
): ParsedBytes {
  if (bytes.length > BYTE_LIMITS[format]) {
    const message = `larger than ${BYTE_LIMITS[format]} bytes (${bytes.length})`;
    const document = brokenDocument({ code: 'CONFIG_TOO_LARGE', message, at: null });
    return { document, valid: false, faults: document.faults };
  }
  if (format === 'plist' && isBinaryPlist(bytes)) {
    const document = parseBinaryPlist(bytes);
    return { document, valid: document.root !== null, faults: document.faults };
  }
  // XML names its encoding itself, and every reader of plists takes UTF-16.
  const { text, fault } = decodeText(bytes, format === 'plist' ? ['utf-8', 'utf-16'] : encodings);
  const document = PARSERS[format](text);
  if (fault === null) return { document, valid: document.root !== null, faults: document.faults };
  // Clients decode leniently and go on, so the servers are listed beside the fault.
  const faults = document.root === null ? [fault] : [fault, ...document.faults];
  return { document, valid: false, faults };
}

export function formatOfPath(path: string): ConfigFormat {
  const lower = path.toLowerCase();
  if (lower.endsWith('.toml')) return 'toml';
  if (lower.endsWith('.plist')) return 'plist';
  return lower.endsWith('.yaml') || lower.endsWith('.yml') ? 'yaml' : 'jsonc';
}

function unread(read: Exclude<ReadResult, { kind: 'read' }>): ConfigFile {
  const missing = read.kind === 'missing';
  const faults = read.kind === 'fault' ? [read.fault] : [];
  return { missing, document: null, valid: false, faults, realPath: null, links: read.links };
}
