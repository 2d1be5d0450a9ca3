import { Composer, type Document, Schema, type Tags, type YAMLError } from 'yaml';
import type { Fault, Position } from '../errors.ts';
import { positionsIn } from './places.ts';
import { addFault, brokenDocument, type ConfigDocument, ConfigFault, isObject, LineIndex } from './value.ts';
import { yamlPlaces } from './yaml-places.ts';
import { boundedTokens } from './yaml-tokens.ts';
import { resolveAliases, YamlReader } from './yaml-value.ts';

/** One for all documents: a `%YAML` line of theirs changes nothing, as in the clients' parsers. */
const SCHEMA = new Schema({ schema: 'yaml-1.1', merge: true, customTags: withoutLetterBooleans });
// The schema looks tags up here by the name in the file, and `!<constructor>` is no tag.
SCHEMA.knownTags = Object.create(null);

/** Reads YAML 1.1 with merge keys, the dialect that the clients' own parsers share. */
export function parseYaml(text: string): ConfigDocument {
  const lines = new LineIndex(text);
  const positionAt = (offset: number) => lines.positionAt(Math.min(offset, text.length));
  try {
    return readDocument(text, positionAt);
  } catch (error) {
    if (error instanceof ConfigFault) return brokenDocument(error.fault);
    throw error;
  }
}

function readDocument(text: string, positionAt: (offset: number) => Position): ConfigDocument {
  const [document, next] = compose(text, positionAt);
  const contents = document?.contents ?? null;
  const error = document?.errors[0];
  if (error !== undefined) throw new ConfigFault(syntaxFault(error, positionAt(error.pos[0])));
  const aliases = document === undefined ? new Map() : resolveAliases(document, positionAt);
  const reader = new YamlReader(aliases, positionAt);
  const root = reader.value(contents);
  if (!isObject(root)) {
    const message = 'the top level is not a mapping';
    throw new ConfigFault({ code: 'CONFIG_NOT_AN_OBJECT', message, at: positionAt(0) });
  }
  const { faults } = reader;
  if (next !== undefined) {
    const message = 'a second document follows; only the first is read';
    addFault(faults, { code: 'CONFIG_SYNTAX', message, at: positionAt(next.range?.[0] ?? 0) });
  }
  return { root, faults, positionOf: positionsIn(() => yamlPlaces(contents, aliases), positionAt) };
}

/** What a document that `parseYaml` took is made of, with where each node is written. */
export function yamlContents(text: string): unknown {
  const [document] = compose(text, (offset) => new LineIndex(text).positionAt(offset));
  return document?.contents ?? null;
}

/** The first document, and the second where there is one; what follows is not even composed. */
function compose(text: string, positionAt: (offset: number) => Position): readonly Document[] {
  const composer = new Composer({
    version: '1.1',
    schema: SCHEMA,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const documents: Document[] = [];
  for (const document of composer.compose(boundedTokens(text, positionAt), true, text.length)) {
    documents.push(document);
    if (documents.length === 2) break;
  }
  return documents;
}

/** YAML 1.1 also calls a bare `y` or `n` a boolean; no client's parser does, and it may be a server's name. */
function withoutLetterBooleans(tags: Tags): Tags {
  return tags.map((tag) => {
    if (typeof tag !== 'object' || 'collection' in tag || tag.tag !== 'tag:yaml.org,2002:bool') return tag;
    return { ...tag, test: tag.test?.test('yes') === true ? /^(?:yes|true|on)$/i : /^(?:no|false|off)$/i };
  });
}

/** The parser's own message may quote the file, so the code is worded anew. */
function syntaxFault(error: YAMLError, at: Position): Fault {
  const reason = error.code.toLowerCase().replaceAll('_', ' ');
  return { code: 'CONFIG_SYNTAX', message: `not YAML: ${reason}`, at };
}
