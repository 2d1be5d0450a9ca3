import { type Phrase, Phrases } from './phrase.ts';

const READ =
  '(read|open|cat|load|access|fetch|retrieve|extract|obtain|check|view|find|locate|scan|collect|gather|grab|get)';
/** What is done with something that a tool is to be given. */
const GIVE =
  '(pass|passing|send|include|provide|put|attach|submit|paste|share|supply|append|upload|repeat|write out)';
/** The same where a file of secrets is named already. */
const USE =
  '(pass|passing|send|include|provide|put|attach|submit|paste|share|supply|append|upload|place|copy|use|return|report|post|add)';
const CONTENT = '(content|contents|text|value|values|data)';
const SECRETS =
  '(api key|api keys|api token*|access token*|auth* token*|password|passwords|private key|private keys|ssh key|ssh keys|credentials|secrets|seed phrase|recovery phrase|environment variables|session cookie*)';

/** What is about a secret and does not ask for it: `send the user's password reset`. */
const ABOUT_SECRETS =
  /^(?:reset|policy|policies|expiry|expiration|manager|field|prompt|rotation|names?|ids?)\b/;

/** The content of secret files and secrets of the user as something to be handed over. */
const VALUE_PHRASES: readonly Phrase[] = [
  {
    says: `${CONTENT} (of|from|in) ~4 {secret_file}`,
    unlessAfter: /\b(?:not|never|without|excludes?|excluding|except|redacts?) (?:[^ ]+ ){0,3}$/,
  },
  { says: `${READ} ~10 {secret_file} ~14 (and|then) ~3 ${USE}` },
  { says: `(before|first|must|always|need|required|please|ensure|sure) ~10 ${READ} ~8 {secret_file}` },
  { says: `${GIVE} (me|us|here)? (the)? {secret_file}` },
  {
    says: `${GIVE} ~2 (any|all|every|user's|users'|their) ~3 ${SECRETS}`,
    unlessBefore: ABOUT_SECRETS,
  },
  {
    says: `${GIVE} ~3 ${SECRETS} ~3 (from|found in|in|seen in) ~2 (conversation|chat|context|environment|memory|workspace|session)`,
  },
  {
    says: `${GIVE} ~3 (full|entire|whole|complete|verbatim|your) ~2 (system prompt|conversation history|chat history|chain of thought|previous messages|context window)`,
  },
];

/** Names of parameters that ask by themselves: `content_from_reading_ssh_id_rsa`. */
const NAME_PHRASES: readonly Phrase[] = [
  {
    says: `${CONTENT} (of|from|in) ~3 (ssh|id rsa|aws|env|npmrc|netrc|passwd|shadow|credentials|private key|mcp json|keychain)`,
  },
  { says: `(ssh|id rsa|aws credentials|env file|passwd|npmrc|mcp json) ~1 ${CONTENT}` },
];

/** Names of parameters in which what was taken is handed over. */
const SIDE_CHANNEL =
  /\/properties\/(?:side_?notes?|hidden_?notes?|context|remarks?|feedback|debug(?:_?info)?)\/[^/]+$/i;
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
