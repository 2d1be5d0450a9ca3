import type { IncomingMessage } from 'node:http';
import { Refused } from './refused.ts';

/** Objects and lists within each other in a body. */
const MAX_BODY_DEPTH = 16;

/** Headers that decide something, of which Node would silently take the first. */
const SINGLE = new Set(['authorization', 'content-type', 'cookie', 'host', 'origin', 'sec-fetch-site']);

/** Refuses a request in which a header that decides something stands twice. @throws {Refused} 400 */
export function refuseRepeatedHeaders({ rawHeaders }: IncomingMessage): void {
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (!SINGLE.has(name)) continue;
    if (seen.has(name))
      throw new Refused(400, `the header ${name} stands twice`, { code: 'repeated-header' });
    seen.add(name);
  }
}

/** Refuses JSON that nests too deep, before it is parsed. @throws {Refused} 400 */
export function refuseDeepJson(text: string): void {
  let depth = 0;
  let isText = false;
  for (let index = 0; index < text.length; index += 1) {
    const sign = text[index];
    if (isText) {
      if (sign === '\\') index += 1;
      else if (sign === '"') isText = false;
    } else if (sign === '"') isText = true;
    else if (sign === '}' || sign === ']') depth -= 1;
    else if (sign === '{' || sign === '[') {
      depth += 1;
      if (depth > MAX_BODY_DEPTH) {
        throw new Refused(400, `the body nests deeper than ${MAX_BODY_DEPTH}`, { code: 'bad-body' });
      }
    }
  }
}
