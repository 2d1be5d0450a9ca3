/** Levels of nesting in arguments and definitions of tools. */
export const MAX_JSON_DEPTH = 64;

/** Tokens of a JSON Pointer (RFC 6901); null where the text is none. */
export function pointerTokens(text: string): readonly string[] | null {
  if (text === '') return [];
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return null;
  const tokens = text.slice(1).split('/');
  if (tokens.length > MAX_JSON_DEPTH) return null;
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The pointer to a child. */
export function childPointer(parent: string, token: string): string {
  return `${parent}/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The value at a pointer; undefined where there is none. Only own members count. */
export function valueAt(root: unknown, tokens: readonly string[]): unknown {
  let value = root;
  for (const token of tokens) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value) && !/^(0|[1-9]\d{0,8})$/.test(token)) return undefined;
    if (!Object.hasOwn(value, token)) return undefined;
    value = Reflect.get(value, token);
  }
  return value;
}
