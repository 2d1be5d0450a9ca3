import { parse, TomlError } from 'smol-toml';
import type { Fault } from '../errors.ts';
import { MAX_CONFIG_DEPTH } from '../limits.ts';
import { type ConfigDocument, isObject, toConfigValue, tooDeep, ValueLimit } from './value.ts';

/** Reads TOML 1.0. The parser keeps no positions of values, so only syntax faults have one. */
export function parseToml(text: string): ConfigDocument {
  const broken = (fault: Fault): ConfigDocument => ({ root: null, faults: [fault], positionOf: () => null });
  try {
    const root = toConfigValue(parse(text, { maxDepth: MAX_CONFIG_DEPTH, integersAsBigInt: 'asNeeded' }));
    return { root: isObject(root) ? root : null, faults: [], positionOf: () => null };
  } catch (error) {
    if (error instanceof ValueLimit) return broken(error.fault);
    if (error instanceof RangeError) return broken(tooDeep(null));
    if (!(error instanceof TomlError)) throw error;
    // The lines after the first quote the file, secrets and all.
    const message = (error.message.split('\n', 1)[0] ?? '').replace(/^Invalid TOML document: /, '');
    return broken({ code: 'CONFIG_SYNTAX', message, at: { line: error.line, column: error.column } });
  }
}
