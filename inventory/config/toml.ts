import { parse, TomlError } from 'smol-toml';
import { MAX_CONFIG_DEPTH } from '../limits.ts';
import { positionsIn } from './places.ts';
import { tomlPlaces } from './toml-places.ts';
import {
  brokenDocument,
  type ConfigDocument,
  ConfigFault,
  isObject,
  LineIndex,
  toConfigValue,
  ValueLimit,
} from './value.ts';

/** Reads TOML 1.0; a key given twice is a syntax fault there. */
export function parseToml(text: string): ConfigDocument {
  const lines = new LineIndex(text);
  const positionAt = (offset: number) => lines.positionAt(Math.min(offset, text.length));
  try {
    const places = tomlPlaces(text, positionAt);
    const root = toConfigValue(parse(text, { maxDepth: MAX_CONFIG_DEPTH, integersAsBigInt: 'asNeeded' }));
    return {
      root: isObject(root) ? root : null,
      faults: [],
      positionOf: positionsIn(() => places, positionAt),
    };
  } catch (error) {
    if (error instanceof ConfigFault) return brokenDocument(error.fault);
    if (error instanceof ValueLimit) return brokenDocument(error.faultAt(positionAt(0)));
    if (!(error instanceof TomlError)) throw error;
    const at = positionAt(offsetOf(text, error.line, error.column));
    // The lines after the first quote the file, secrets and all.
    const message = (error.message.split('\n', 1)[0] ?? '').replace(/^Invalid TOML document: /, '');
    return brokenDocument({ code: 'CONFIG_SYNTAX', message, at });
  }
}

/** The parser counts lines by LF alone. */
function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let seen = 1; seen < line; seen += 1) start = text.indexOf('\n', start) + 1;
  return start + column - 1;
}
