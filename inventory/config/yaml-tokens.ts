import { type CST, Lexer, Parser } from 'yaml';
import type { Position } from '../errors.ts';
import { MAX_CONFIG_DEPTH, MAX_YAML_TOKENS } from '../limits.ts';
import { ConfigFault, tooDeep } from './value.ts';

const COLLECTIONS: ReadonlySet<string> = new Set(['block-map', 'block-seq', 'flow-collection']);

/**
 * The syntax of a YAML text, document by document, with its limits judged before anything recurses into it.
 * Throws ConfigFault.
 */
export function* boundedTokens(
  text: string,
  positionAt: (offset: number) => Position,
): Generator<CST.Token, void> {
  const parser = new Parser();
  let tokens = 0;
  for (const lexeme of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > MAX_YAML_TOKENS) {
      const message = `holds more than ${MAX_YAML_TOKENS} tokens`;
      throw new ConfigFault({ code: 'CONFIG_TOO_MANY_VALUES', message, at: positionAt(parser.offset) });
    }
    const { offset } = parser;
    yield* withoutErrors(parser.next(lexeme), positionAt);
    if (parser.stack.length > MAX_CONFIG_DEPTH && depthOf(parser.stack) > MAX_CONFIG_DEPTH) {
      throw new ConfigFault(tooDeep(positionAt(offset)));
    }
  }
  yield* withoutErrors(parser.end(), positionAt);
}

/** The first token out of place ends the file: composed, a million of them would be a million errors. */
function* withoutErrors(
  tokens: Iterable<CST.Token>,
  positionAt: (offset: number) => Position,
): Generator<CST.Token, void> {
  for (const token of tokens) {
    if (token.type === 'error') {
      const message = 'not YAML: unexpected token';
      throw new ConfigFault({ code: 'CONFIG_SYNTAX', message, at: positionAt(token.offset) });
    }
    yield token;
  }
}

function depthOf(stack: readonly CST.Token[]): number {
  return stack.filter((token) => COLLECTIONS.has(token.type)).length;
}
