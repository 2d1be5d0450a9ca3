import { isMap, isNode, isScalar, LineCounter, parseDocument, type Tags, visit, type YAMLError } from 'yaml';
import type { Fault } from '../errors.ts';
import { MAX_PROBLEMS_PER_FILE } from '../limits.ts';
import { type ConfigDocument, isObject, toConfigValue, tooDeep, ValueLimit } from './value.ts';

/** Aliases resolved in one document; past it the parser refuses, which stops a "billion laughs" file. */
const MAX_YAML_ALIASES = 100;

/** Reads YAML 1.1 with merge keys, the dialect that the clients' own parsers share. */
export function parseYaml(text: string): ConfigDocument {
  const broken = (fault: Fault): ConfigDocument => ({ root: null, faults: [fault], positionOf: () => null });
  const lines = new LineCounter();
  const positionAt = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  try {
    const document = parseDocument(text, {
      version: '1.1',
      merge: true,
      uniqueKeys: false,
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'silent',
      customTags: withoutLetterBooleans,
    });
    const error = document.errors[0];
    if (error !== undefined) return broken(syntaxFault(error, positionAt(error.pos[0])));
    const root = toConfigValue(document.toJS({ maxAliasCount: MAX_YAML_ALIASES }));
    if (!isObject(root)) {
      return broken({
        code: 'CONFIG_NOT_AN_OBJECT',
        message: 'the top level is not a mapping',
        at: positionAt(0),
      });
    }
    const faults: Fault[] = [];
    visit(document, {
      Map: (_, map) => {
        const seen = new Set<string>();
        for (const pair of map.items) {
          const name = isScalar(pair.key) ? String(pair.key.value) : null;
          if (name === null || name === '<<') continue;
          if (seen.has(name) && faults.length < MAX_PROBLEMS_PER_FILE) {
            const offset = isNode(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
            const message = `the key ${JSON.stringify(name)} is repeated; the last one counts`;
            faults.push({ code: 'CONFIG_DUPLICATE_KEY', message, at: positionAt(offset) });
          }
          seen.add(name);
        }
      },
    });
    return {
      root,
      faults,
      positionOf: (path) => {
        const parent = document.getIn(path.slice(0, -1), true);
        const last = path.at(-1);
        const key = isMap(parent)
          ? parent.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(last))?.key
          : document.getIn(path, true);
        return isNode(key) && key.range ? positionAt(key.range[0]) : null;
      },
    };
  } catch (error) {
    if (error instanceof ValueLimit) return broken(error.fault);
    if (error instanceof RangeError) return broken(tooDeep(null));
    if (error instanceof ReferenceError) {
      const message = `an alias is unknown, or there are more than ${MAX_YAML_ALIASES} of them`;
      return broken({ code: 'CONFIG_TOO_MANY_VALUES', message, at: null });
    }
    throw error;
  }
}

/** YAML 1.1 also calls a bare `y` or `n` a boolean; no client's parser does, and it may be a server's name. */
function withoutLetterBooleans(tags: Tags): Tags {
  return tags.map((tag) => {
    if (typeof tag !== 'object' || 'collection' in tag || tag.tag !== 'tag:yaml.org,2002:bool') return tag;
    return { ...tag, test: tag.test?.test('yes') === true ? /^(?:yes|true|on)$/i : /^(?:no|false|off)$/i };
  });
}

/** The parser's own message may quote the file, so the code is worded anew. */
function syntaxFault(error: YAMLError, at: { line: number; column: number }): Fault {
  const reason = error.code.toLowerCase().replaceAll('_', ' ');
  return { code: 'CONFIG_SYNTAX', message: `not YAML: ${reason}`, at };
}
