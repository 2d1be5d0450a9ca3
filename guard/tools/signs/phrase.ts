import { RE2JS } from 're2js';
import { skeleton } from '../../../approval/index.ts';
import { withoutInvisible } from './characters.ts';

/** Things that phrases name in braces, as regular expressions for one word. */
const THINGS: Readonly<Record<string, string>> = {
  /** Name with an underscore in it, as tools have. */
  tool: '[^ a-z0-9]*[a-z0-9.-]+_[a-z0-9_.-]*[a-z0-9][^ a-z0-9]*',
  /** Where things are sent: an e-mail address, a telephone number, a URL that is not of this host. */
  address:
    '[^ a-z0-9+]*(?:[a-z0-9._+-]+@[a-z0-9-]+\\.[a-z0-9.-]+|\\+?[0-9][0-9()-]{6,}|https?://[^ ]+)[^ a-z0-9]*',
  /** A file by its path, or a URL. */
  place: '[^ ]*(?:~/|/(?:etc|home|root|users|var|tmp|opt)/|https?://)[^ ]*',
  /** A file that holds secrets by its nature. */
  secret_file:
    '(?:\\.env(?:\\.[a-z]+)?\\b[^ ]*|[^ ]*(?:\\.ssh\\b|\\bid_(?:rsa|dsa|ecdsa|ed25519)\\b|\\.aws\\b|\\.npmrc\\b|\\.pypirc\\b|\\.netrc\\b|\\.git-credentials\\b|\\.docker/config|\\.kube/config|\\.gnupg\\b|\\.config/(?:gcloud|gh)\\b|\\.vault-token\\b|/etc/(?:shadow|passwd|sudoers)\\b|\\bmcp\\.json\\b|claude_desktop_config|\\.claude\\.json|wallet\\.dat|\\bkeychain-db\\b|\\.(?:bash|zsh)_history\\b|[^ a-z0-9_)\\]]\\.env(?:\\.[a-z]+)?\\b)[^ ]*)',
};

/** A phrase that is looked for, and what makes it harmless. */
export interface Phrase {
  /** See `phrasePattern`. */
  readonly says: string;
  /** It does not count with this in it, */
  readonly unless?: RegExp;
  /** or with this before it, */
  readonly unlessAfter?: RegExp;
  /** or with this behind it. */
  readonly unlessBefore?: RegExp;
}

/** UTF-16 code units before and behind a phrase that are looked at. */
const SURROUNDING = 60;
/** Places in one text at which a phrase may stand without counting; nobody writes more in good faith. */
const MAX_TRIES = 50;

/**
 * The regular expression (RE2) for a phrase over words in lower case. `(a|b c)` is one of several, `(a|b)?` may be missing,
 * `do*` a word that begins so, `~4` up to four words within the sentence, `{tool}` one of the things above.
 */
function phrasePattern(says: string): string {
  const parts = says.match(/~\d+|\{\w+\}|\([^()]*\)\??|[^ ]+/g) ?? [];
  return `(?:^| )${parts.map(partPattern).join('')}`;
}

function partPattern(part: string): string {
  if (part.startsWith('~')) return `(?:[^ ]*[^ .!?] ){0,${part.slice(1)}}`;
  if (part.startsWith('{')) return `(?:${THINGS[part.slice(1, -1)] ?? part}) `;
  const isOptional = part.endsWith('?');
  const words = part
    .replace(/^\(|\)\??$/g, '')
    .split('|')
    .map((word) => word.replace(/[.+]/g, '\\$&').replaceAll('*', "[a-z']*"));
  return `(?:[^ a-z0-9]*(?:${words.join('|')})[^ a-z0-9]* )${isOptional ? '?' : ''}`;
}

/** Phrases that are sought in texts, in time that grows with the length of the text alone. */
export class Phrases {
  readonly #phrases: readonly Phrase[];
  /** Made when first needed: most sessions start before any tool is listed. */
  #compiled: readonly (readonly [RE2JS, Phrase])[] | null = null;

  constructor(phrases: readonly Phrase[]) {
    this.#phrases = phrases;
  }

  /** The words of the first phrase that a text holds, which must be `plainWords`; null where it holds none. */
  find(text: string, counts: (found: string) => boolean = () => true): string | null {
    this.#compiled ??= this.#phrases.map((phrase) => [RE2JS.compile(phrasePattern(phrase.says)), phrase]);
    for (const [pattern, phrase] of this.#compiled) {
      if (!pattern.test(text)) continue;
      const matcher = pattern.matcher(text);
      for (let tries = 0; matcher.find(); tries += 1) {
        const found = text.slice(matcher.start(), matcher.end()).trim();
        const before = `${text.slice(Math.max(0, matcher.start() - SURROUNDING), matcher.start())} `;
        const behind = text.slice(matcher.end(), matcher.end() + SURROUNDING);
        if (tries >= MAX_TRIES || (!isHarmless(phrase, before, found, behind) && counts(found))) return found;
      }
    }
    return null;
  }
}

function isHarmless(phrase: Phrase, before: string, found: string, behind: string): boolean {
  const { unless, unlessAfter, unlessBefore } = phrase;
  return (
    unless?.test(found) === true || unlessAfter?.test(before) === true || unlessBefore?.test(behind) === true
  );
}

/** A text in the one form in which phrases are sought: letters as they look, in lower case, one space between words. */
export function plainWords(text: string): string {
  return `${skeleton(withoutInvisible(text))
    .toLowerCase()
    .replace(/[\u2018\u2019\u02bc]/g, "'")
    .replace(/\s+/g, ' ')
    .trim()} `;
}

/** The words of a name: `content_from_readingFile` is `content from reading file`. */
export function nameWords(name: string): string {
  return plainWords(name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/[_.\-/]+/g, ' '));
}
