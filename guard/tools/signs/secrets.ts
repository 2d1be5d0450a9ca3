import { type Phrase, Phrases } from './phrase.ts';

const READ =
  '(read|open|cat|load|access|fetch|retrieve|extract|obtain|check|view|find|locate|scan|collect|gather|grab|get)';
const HAND_OVER =
  '(pass|passing|send|include|provide|put|attach|submit|paste|share|supply|append|place|copy|use|return|report|upload|post|add)';
const CONTENT = '(content|contents|text|value|values|data)';
const SECRETS =
  '(api key|api keys|api token*|access token*|auth* token*|password|passwords|private key|private keys|ssh key|ssh keys|credentials|secrets|seed phrase|recovery phrase|environment variables|session cookie*)';

/** The content of secret files and secrets of the user as something to be handed over. */
const VALUE_PHRASES: readonly Phrase[] = [
  {
    says: `${CONTENT} (of|from|in) ~4 {secret_file}`,
    unless:
      /\b(?:not|never|without|excludes?|excluding|except|redacts?) (?:[^ ]+ ){0,3}(?:contents?|text|values?|data)\b/,
  },
  { says: `${READ} ~10 {secret_file} ~14 (and|then) ~3 ${HAND_OVER}` },
  { says: `(before|first|must|always|need|required|please|ensure|sure) ~10 ${READ} ~8 {secret_file}` },
  { says: `${HAND_OVER} (me|us|here)? (the)? {secret_file}` },
  {
    says: `${HAND_OVER} ~2 (any|all|every|user's|users'|their|the user's|your) ~3 ${SECRETS}`,
    unless: HARMLESS(),
  },
  {
    says: `${HAND_OVER} ~3 ${SECRETS} ~3 (from|found in|in|seen in) ~2 (conversation|chat|context|environment|memory|workspace|session|user's)`,
  },
  {
    says: `${HAND_OVER} ~2 (full|entire|whole|complete|verbatim|your) ~2 (system prompt|conversation history|chat history|conversation|chain of thought|previous messages|context window)`,
  },
  { says: '(full|entire|complete|verbatim) ~2 (system prompt|conversation history|chat history)' },
];

/** What is about a secret and does not ask for it: `send the user's password reset`. */
function HARMLESS(): RegExp {
  return /\b(?:passwords?|keys?|tokens?|credentials|secrets) (?:reset|policy|policies|expiry|expiration|manager|field|prompt|rotation|names?|ids?)\b/;
}

/** Names of parameters that ask by themselves: `content_from_reading_ssh_id_rsa`. */
const NAME_PHRASES: readonly Phrase[] = [
  {
    says: `${CONTENT} (of|from|in) ~3 (ssh|id rsa|aws|env|npmrc|netrc|passwd|shadow|credentials|private key|mcp json|keychain)`,
  },
  { says: `(ssh|id rsa|aws credentials|env file|passwd|npmrc|mcp json) ~1 ${CONTENT}` },
];

/** Names of parameters in which what was taken is handed over, since no tool needs them. */
const SIDE_CHANNEL =
  /\/properties\/(?:side_?notes?|context|notes?|remarks?|feedback|debug(?:_?info)?|metadata|extra|reason(?:ing)?|summary)\/[^/]+$/i;
const SIDE_PHRASES: readonly Phrase[] = [
  { says: `${CONTENT} (of|from) ~5 (file|files|config|configuration|environment|conversation)` },
  { says: '(conversation|chat) (history|so far|log)' },
];

const values = new Phrases(VALUE_PHRASES);
const names = new Phrases(NAME_PHRASES);
const sides = new Phrases(SIDE_PHRASES);

/** The words by which a text asks for secrets; `plain` are its `plainWords`. Null where it does not. */
export function secretAskedFor(plain: string, where: string): string | null {
  return values.find(plain) ?? (SIDE_CHANNEL.test(where) ? sides.find(plain) : null);
}

/** The words by which a name asks for secrets; `plain` are its `nameWords`. */
export function secretNamed(plain: string): string | null {
  return names.find(plain);
}
