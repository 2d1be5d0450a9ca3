import { Refused } from './refused.ts';

const UNTOUCHED = 'untouched';

/** The entity tag (RFC 9110, 8.8.3) of what was changed last at a time; null: it is as it came. */
export function entityTag(changed: string | null): string {
  return `"${changed ?? UNTOUCHED}"`;
}

/** The time that an `If-Match` names, by one strong tag. @throws {Refused} 400 where it names none, several, or any */
export function changedIn(ifMatch: string): string | null {
  const tag = /^"([\x21\x23-\x7e]+)"$/.exec(ifMatch.trim())?.[1];
  if (tag === undefined) {
    throw new Refused(400, 'If-Match: one entity tag is needed, as it was answered', {
      code: 'bad-if-match',
    });
  }
  return tag === UNTOUCHED ? null : tag;
}
