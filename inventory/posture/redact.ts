import type { ServerEntry } from '../config/entry.ts';
import { type ConfigValue, isList, isObject } from '../config/value.ts';
import {
  classifySecret,
  isSecretName,
  isTelling,
  redaction,
  redactShapes,
  type SecretClass,
} from './secret.ts';

/**
 * `show` hides everything that could be a secret; `digest` hides only what is surely one, because what
 * is hidden from the digest may change unseen: a random-looking argument can be code.
 */
export type RedactionUse = 'show' | 'digest';

/** Below these keys a value is data for the server, so a token may rotate without a change of the digest. */
const VALUE_MAPS: ReadonlySet<string> = new Set([
  'env',
  'environment',
  'envs',
  'headers',
  'http_headers',
  'requestInit',
]);
/** Too short for any token, and neither an assignment nor a url. */
const HARMLESS = /^[\w./+,@-]{0,13}$/;
const FLAG = /^--?[A-Za-z][\w-]*$/;
const ASSIGNMENT = /^(-{0,2}[A-Za-z][\w.-]*)=([\s\S]*)$/;
const URL = /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'<>]{1,4096}/gi;
/** A segment of a url's path, at its start or behind a slash. */
const PATH_SEGMENT = /(?<=\/)[^/?#]{24,512}(?=[/?#]|$)/g;
const QUERY_PARAMETER = /([?&]([\w.-]{1,64})=)([^&#\s]{1,1024})/g;

/** Replaces the secrets of an argument list: tokens by shape, and values that a flag or key names as secret. */
export function redactArgs(args: readonly string[], use: RedactionUse): readonly string[] {
  return args.map((arg, index) => {
    const before = args[index - 1] ?? '';
    if (HARMLESS.test(arg) && !before.startsWith('-')) return arg;
    const flag = FLAG.test(before) && isSecretName(before) ? before.replace(/^-+/, '') : '';
    return redactText(arg, flag, use);
  });
}

/** Replaces secrets in one text that stands under a name (empty where it has none). */
export function redactText(text: string, name: string, use: RedactionUse): string {
  // Several words may be a secret, but also a command behind one: the digest must see the rest.
  if (use === 'digest' && /\s/.test(text.trim())) {
    return redactShapes(text)
      .split(/(\s+)/)
      .map((word) => (/\s/.test(word) ? word : redactText(word, '', use)))
      .join('');
  }
  const [, key = '', value = ''] = ASSIGNMENT.exec(text) ?? [];
  const assigned = classifySecret(key.replace(/^-+/, ''), value.replace(/^(["'])([\s\S]*)\1$/, '$2'));
  if (key !== '' && assigned !== null && assigned !== 'url-credentials' && hides(assigned, use)) {
    return `${key}=${redaction(assigned)}`;
  }
  const found = classifySecret(name, text);
  const shaped = redactUrls(redactQuery(redactShapes(text), use), use);
  return shaped === text && found !== null && hides(found, use) ? redaction(found) : shaped;
}

/** The entry's value with secrets replaced and everything else as it is. */
export function redactEntry(raw: ConfigValue, use: RedactionUse, name = ''): ConfigValue {
  if (typeof raw === 'string') return redactText(raw, name, use);
  if (isList(raw)) {
    if (raw.every((item) => typeof item === 'string')) return redactArgs(raw, use);
    return raw.map((item) => redactEntry(item, use, name));
  }
  if (!isObject(raw)) return raw;
  const copy: Record<string, ConfigValue> = Object.create(null);
  for (const [key, value] of Object.entries(raw))
    copy[key] = redactEntry(value, VALUE_MAPS.has(key) ? 'show' : use, key);
  return copy;
}

/**
 * The entry as it may be stored and shown in a diff: what could be a secret is hidden, and of env and header
 * values all but those that tell what runs or what is reached.
 */
export function storableEntry(raw: ConfigValue, name = ''): ConfigValue {
  if (isList(raw) && !raw.every((item) => typeof item === 'string'))
    return raw.map((item) => storableEntry(item, name));
  if (!isObject(raw)) return redactEntry(raw, 'show', name);
  const copy: Record<string, ConfigValue> = Object.create(null);
  for (const [key, value] of Object.entries(raw))
    copy[key] = VALUE_MAPS.has(key) ? withoutValues(value, key) : storableEntry(value, key);
  return copy;
}

function withoutValues(raw: ConfigValue, name: string): ConfigValue {
  if (typeof raw === 'string') {
    const [, key = '', value = raw] = ASSIGNMENT.exec(raw) ?? [];
    if (isTelling(key === '' ? name : key, value)) return redactText(raw, name, 'show');
    const found = classifySecret(key === '' ? name : key, value);
    const shown = found === null ? '<value>' : `<redacted:${found}>`;
    return key === '' ? shown : `${key}=${shown}`;
  }
  if (isList(raw)) return raw.map((item) => withoutValues(item, name));
  if (!isObject(raw)) return raw;
  const copy: Record<string, ConfigValue> = Object.create(null);
  for (const [key, value] of Object.entries(raw)) copy[key] = withoutValues(value, key);
  return copy;
}

/** Every secret of an entry: where it stands and its class. */
export function secretsOf(
  entry: ServerEntry,
): readonly { readonly where: string; readonly class: SecretClass }[] {
  const named = (kind: string, record: Readonly<Record<string, string>>) =>
    Object.entries(record).flatMap(([name, value]) => {
      const found = classifySecret(name, value);
      return found === null ? [] : [{ where: `${kind} ${name}`, class: found }];
    });
  const shown = redactArgs(entry.args, 'show');
  const inArgs = entry.args.flatMap((arg, index) =>
    shown[index] === arg ? [] : classOfRedaction(shown[index], `argument ${index + 1}`),
  );
  const inUrl = classOfRedaction(redactText(entry.url ?? '', '', 'show'), 'url');
  return [...named('env', entry.env), ...named('header', entry.headers), ...inArgs, ...inUrl];
}

function classOfRedaction(text: string | undefined, where: string) {
  const found = /<redacted:([a-z-]+)>/.exec(text ?? '')?.[1] as SecretClass | undefined;
  return found === undefined ? [] : [{ where, class: found }];
}

function hides(found: SecretClass | null, use: RedactionUse): boolean {
  return found !== null && (use === 'show' || found !== 'high-entropy');
}

/** Services that give each user a url of its own put the secret into the path. */
function redactUrls(text: string, use: RedactionUse): string {
  return text.replace(URL, (url) => {
    const end = url.search(/[?#]/);
    const path = end < 0 ? url : url.slice(0, end);
    const shown = path.replace(PATH_SEGMENT, (segment) => {
      const found = classifySecret('', segment);
      return found !== null && hides(found, use) ? redaction(found) : segment;
    });
    return shown + (end < 0 ? '' : url.slice(end));
  });
}

function redactQuery(text: string, use: RedactionUse): string {
  return text.replace(QUERY_PARAMETER, (whole, start: string, name: string, value: string) => {
    const found = classifySecret(name, value);
    return found !== null && hides(found, use) ? start + redaction(found) : whole;
  });
}
