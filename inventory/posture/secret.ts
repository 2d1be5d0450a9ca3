export const SECRET_CLASSES = [
  'private-key',
  'github-pat',
  'gitlab-pat',
  'aws-key',
  'slack',
  'openai',
  'anthropic',
  'google',
  'stripe',
  'npm',
  'pypi',
  'azure',
  'huggingface',
  'webhook',
  'vendor-token',
  'jwt',
  'url-credentials',
  'authorization',
  'named-secret',
  'high-entropy',
] as const;
export type SecretClass = (typeof SECRET_CLASSES)[number];

/** Characters of a value that are looked at. */
const MAX_SECRET_CHARS = 8_192;

/** Vendors' published token shapes; the first that matches names the class. */
const SHAPES: readonly (readonly [SecretClass, RegExp])[] = [
  // The whole key, so that nothing of it is left where the shape is replaced.
  [
    'private-key',
    /-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----(?:[\s\S]*?-----END [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----|[\s\S]*$)/,
  ],
  ['github-pat', /(?<!\w)(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255})(?!\w)/],
  ['gitlab-pat', /(?<!\w)gl(?:pat|ptt|dt|rt|soat|cbt)-[\w.-]{20,300}/],
  ['aws-key', /(?<!\w)(?:AKIA|ASIA)[A-Z0-9]{16}(?!\w)/],
  ['slack', /(?<!\w)(?:xox[abeoprs]-|xapp-\d-)[A-Za-z0-9-]{10,255}/],
  [
    'webhook',
    /https:\/\/(?:hooks\.slack\.com\/(?:services|workflows|triggers)\/[\w/]{20,200}|discord(?:app)?\.com\/api\/webhooks\/\d{10,25}\/[\w-]{30,100})/,
  ],
  ['anthropic', /(?<!\w)sk-ant-[\w-]{20,255}/],
  ['openai', /(?<!\w)sk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,255}/],
  ['google', /(?<!\w)(?:AIza[\w-]{35}|GOCSPX-[\w-]{20,64}|ya29\.[\w-]{20,255})/],
  ['stripe', /(?<!\w)(?:[sr]k_(?:live|test)_|whsec_)[A-Za-z0-9]{16,255}/],
  ['npm', /(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)/],
  ['pypi', /(?<!\w)pypi-AgE[\w-]{40,500}/],
  // Storage and service-bus keys of connection strings, client secrets of Entra ID.
  [
    'azure',
    /(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,100}={0,2}|(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])/,
  ],
  ['huggingface', /(?<!\w)hf_[A-Za-z0-9]{30,64}(?!\w)/],
  [
    'vendor-token',
    /(?<![\w-])(?:SG\.[\w-]{16,32}\.[\w-]{30,60}|do[opr]_v1_[0-9a-f]{64}|dckr_(?:pat|oat)_[\w-]{20,60}|ATATT3[\w=-]{60,300}|ntn_[A-Za-z0-9]{40,60}|lin_(?:api|oauth)_[A-Za-z0-9]{32,64}|hv[sb]\.[\w-]{24,300}|dapi[0-9a-f]{32}|sbp_[0-9a-f]{40}|figd_[\w-]{30,60}|gsk_[A-Za-z0-9]{40,64}|xai-[A-Za-z0-9]{40,100}|pplx-[A-Za-z0-9]{32,64}|tvly-[\w-]{20,64}|PMAK-[\w-]{40,80}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|gls[ac]_[\w-]{30,100}|sntry[su]_[\w=+/-]{40,300}|NRAK-[A-Z0-9]{27}|\d{8,10}:AA[\w-]{33})(?![\w-])/,
  ],
  ['jwt', /(?<!\w)eyJ[\w-]{8,2000}\.eyJ[\w-]{8,4000}\.[\w-]{0,1000}/],
  ['url-credentials', /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/@:]{0,128}:[^\s/@]{3,256}@/i],
];

/** The same, to replace every one in a text. */
const EVERY_SHAPE = SHAPES.map(
  ([name, pattern]) => [name, new RegExp(pattern.source, `${pattern.flags}g`)] as const,
);

/** A name that says its value is secret. */
const SECRET_NAME =
  /(?:^|[_\W])(?:api[_-]?key|apikey|access[_-]?key|secret|token|passw(?:or)?d|passwd|pwd|credential|private[_-]?key|auth(?:orization)?|bearer|pat)s?(?:$|[_\W\d]|(?<=key)(?=[_\W]))/i;
const SECRET_NAME_END = /(?:key|token|secret|password|pat)$/i;
const PLACE_NAME_END = /(?:file|path|dir|url|uri|host|port)$/i;
const NAME_OF_A_PLACE = /(?:file|path|dir|url|uri|host|port|name|type|id|env_var)$/i;

/** Variables that a loader or shell acts on: they decide what runs and are never hidden. */
const LOADER_NAMES =
  /^(?:PATH|NODE_.*|npm_config_.*|LD_.*|DYLD_.*|PYTHON.*|BASH_.*|ENV|SHELLOPTS|PROMPT_COMMAND|PERL5.*|RUBY.*|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|DENO_.*|BUN_.*|UV_.*|PIP_.*|GIT_.*|HOME|SHELL|EDITOR|PAGER|HTTPS?_PROXY|ALL_PROXY|NO_PROXY)$/i;

/** References (`${VAR}`, `{env:X}`, `$X`) and what people write in place of a secret. */
const REFERENCE =
  /^(?:(?:Bearer|Basic|token)\s+)?(?:\$\{[^}]*\}|\$\([^)]*\)|\{\{[^}]*\}\}|\{[^}"]*\}|\$\w+|%\w+%|<[^>]*>|\[[^\]]*\]|__\w+__|op:\/\/\S+)$/i;
const PLACEHOLDER =
  /(?:your|my|insert|replace|change|enter|put|add)[-_ ]?(?:\w+[-_ ])*|example|placeholder|dummy|sample|redacted|changeme|todo|xxx+|\*{3,}|\.{3}|^(?:x+|0+|test|none|null|undefined|true|false|secret|password|token|key)$/i;
/** What a shell or loader could act on; such a value is shown, whatever its name. */
const ACTIVE_TEXT = /[\s`;|&<>]|\$\(/;
const ENTROPY_CHARS = /^[A-Za-z0-9+/=_-]{24,128}$/;
/** Bits per character from which a run of characters counts as random. */
const MIN_ENTROPY_BITS = 3.8;
const MIN_NAMED_CHARS = 6;

/**
 * The class of a secret in a value, or null. `name` is the key, flag or header it stands under; empty
 * where there is none. Loader variables, references and placeholders are no secrets.
 */
export function classifySecret(name: string, value: string): SecretClass | null {
  if (value === '' || (LOADER_NAMES.test(name) && !isSecretName(name))) return null;
  const text = value.slice(0, MAX_SECRET_CHARS);
  if (REFERENCE.test(text.trim())) return null;
  const shape = shapeOf(text);
  if (shape !== null) return shape;
  const bare = text.replace(/^(?:Bearer|Basic|token)\s+/i, '');
  if (
    REFERENCE.test(bare) ||
    bare.includes('${') ||
    ACTIVE_TEXT.test(bare) ||
    bare.length !== bare.trim().length
  )
    return null;
  if (PLACEHOLDER.test(bare)) return null;
  if (bare !== text && bare.length >= MIN_NAMED_CHARS) return 'authorization';
  if (isSecretName(name) && bare.length >= MIN_NAMED_CHARS && !/^\d{1,8}$/.test(bare) && !isPathLike(bare)) {
    return /^authorization$/i.test(name) ? 'authorization' : 'named-secret';
  }
  return looksRandom(bare) ? 'high-entropy' : null;
}

export function isSecretName(name: string): boolean {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2');
  return (SECRET_NAME.test(spaced) || SECRET_NAME_END.test(spaced)) && !NAME_OF_A_PLACE.test(spaced);
}

/**
 * Whether a value decides what runs or what is reached (loader variables, places, switches, references), so
 * that people must see how it changed. Any other value may be a secret that does not look like one.
 */
export function isTelling(name: string, value: string): boolean {
  if (LOADER_NAMES.test(name) || REFERENCE.test(value.trim()) || /^(?:true|false)$/i.test(value)) return true;
  return !isSecretName(name) && (PLACE_NAME_END.test(name) || isPathLike(value));
}

/** The class of a vendor's token shape inside a text. */
export function shapeOf(text: string): SecretClass | null {
  for (const [name, pattern] of SHAPES) {
    const found = pattern.exec(text)?.[0];
    if (found !== undefined && !PLACEHOLDER.test(found) && !found.includes('${')) return name;
  }
  return null;
}

/** Replaces every vendor-shaped token in a text. */
export function redactShapes(text: string): string {
  return EVERY_SHAPE.reduce(
    (rest, [name, pattern]) =>
      rest.replace(pattern, (found) =>
        PLACEHOLDER.test(found) || found.includes('${') ? found : redaction(name, found),
      ),
    text,
  );
}

export function redaction(name: SecretClass, found = ''): string {
  if (name !== 'url-credentials') return `<redacted:${name}>`;
  return `${found.slice(0, found.indexOf('//') + 2)}<redacted:${name}>@`;
}

function isPathLike(value: string): boolean {
  return /^(?:\.{0,2}\/|~|[A-Za-z]:\\|[a-z][a-z0-9+.-]*:\/\/)/.test(value);
}

function looksRandom(value: string): boolean {
  if (!ENTROPY_CHARS.test(value) || isPathLike(value)) return false;
  if (!/\d/.test(value) || !/[A-Za-z]/.test(value) || /[a-z]{7,}|^[0-9a-f]{8}-[0-9a-f]{4}-/.test(value))
    return false;
  const isHex = /^[0-9a-f]+$/i.test(value);
  return entropyBits(value) >= (isHex ? 3.2 : MIN_ENTROPY_BITS);
}

function entropyBits(value: string): number {
  const counts = new Map<string, number>();
  for (const char of value) counts.set(char, (counts.get(char) ?? 0) + 1);
  return [...counts.values()].reduce(
    (bits, count) => bits - (count / value.length) * Math.log2(count / value.length),
    0,
  );
}
