import type { Alert } from '../../../wire/index.ts';

/** Characters of one text that are looked at. */
const MAX_TEXT_CHARACTERS = 16_384;
/** Different words that are kept of one alert. */
const MAX_ALERT_WORDS = 1_000;
/** Characters of a word; the rest is cut off, in the index and in queries alike. */
const MAX_WORD_CHARACTERS = 64;
/** Words of one query; more are ignored. */
const MAX_QUERY_WORDS = 16;
/** A word is a run of letters and digits, so that `/usr/bin/bash -i` holds `usr`, `bin`, `bash` and `i`. */
const WORD = /[\p{L}\p{N}]+/gu;
const QUERY_WORD = /([\p{L}\p{N}]+)(\*?)/gu;

/** A word of a query; with `prefix`, all words that begin with it. */
export interface QueryWord {
  readonly word: string;
  readonly prefix: boolean;
}

function fold(text: string): string {
  return text.slice(0, MAX_TEXT_CHARACTERS).normalize('NFKC').toLowerCase();
}

function* textsOf(alert: Alert): Generator<string> {
  const { rule, server, actor, ancestry, change, event } = alert;
  yield rule.name;
  yield rule.title;
  yield alert.host;
  yield alert.user;
  if (server !== null) yield* [server.name, server.client, server.id];
  if (change !== null) yield change.artefact.path;
  if (actor !== null) yield* [actor.exe, actor.cmdline];
  for (const value of Object.values(event)) if (typeof value === 'string') yield value;
  for (const { exe, cmdline } of ancestry) yield* [exe, cmdline];
  yield* rule.tags;
}

/** The words by which an alert is found: rule, host, user, server, client, command lines, paths, tags. */
export function alertWords(alert: Alert): readonly string[] {
  const words = new Set<string>();
  for (const text of textsOf(alert)) {
    for (const [word] of fold(text).matchAll(WORD)) {
      words.add(word.slice(0, MAX_WORD_CHARACTERS));
      if (words.size >= MAX_ALERT_WORDS) return [...words];
    }
  }
  return [...words];
}

/** The words of an alert as it is stored; none where it cannot be read, so that the index goes on behind it. */
export function bodyWords(body: string): readonly string[] {
  try {
    return alertWords(JSON.parse(body));
  } catch {
    return [];
  }
}

/** The words of what a person typed; nothing in it is an operator but a `*` behind a word. */
export function queryWords(text: string): readonly QueryWord[] {
  return [...fold(text).matchAll(QUERY_WORD)].slice(0, MAX_QUERY_WORDS).map(([, word = '', star]) => ({
    word: word.slice(0, MAX_WORD_CHARACTERS),
    prefix: star === '*' || word.length > MAX_WORD_CHARACTERS,
  }));
}
