import type { Finding } from '../../wire/index.ts';
import { isObject } from '../config/value.ts';
import { finding, listed, type Posture } from './posture.ts';
import { secretsOf } from './redact.ts';
import { isSecretName } from './secret.ts';

/** Names of this host, also as a container or an editor calls it. */
const LOCAL_HOST =
  /^(?:localhost|[\w.-]+\.localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1?\]|host\.docker\.internal|host\.containers\.internal)$/i;
/** Programs that connect a client to the url among their arguments. */
const BRIDGES = /(?:^|[/@-])(?:mcp-remote|mcp-proxy|supergateway|mcp-client-http)(?:@|$)/;
/** Fields of an entry that say how the client signs in. */
const SIGN_IN_KEYS =
  /^(?:oauth\w*|auth\w*|headersHelper|headers_helper|bearer_token_env_var|bearerToken\w*|client_?id|credentials?|api_?key|token)$/i;
const AUTH_HEADER = /auth|token|key|cookie|secret|session|credential|signature/i;

const OFF = /^(?:0|false|no|off|none|disable[d]?)$/i;
const ON = /^(?:1|true|yes|on)$/i;
/** Variables that switch the check of certificates off, by the value that does. */
const TLS_SWITCHES: readonly (readonly [name: RegExp, value: RegExp])[] = [
  [/^NODE_TLS_REJECT_UNAUTHORIZED$/, /^0$/],
  [/^PYTHONHTTPSVERIFY$/, /^0$/],
  [/^GIT_SSL_NO_VERIFY$/, /\S/],
  [/^npm_config_strict_ssl$/i, OFF],
  [/(?:^|_)(?:SSL|TLS|HTTPS|CERT(?:IFICATE)?)_?VERIFY(?:_|$)|(?:^|_)VERIFY_?(?:SSL|TLS|CERTS?)(?:_|$)/i, OFF],
  [
    /(?:^|_)(?:SKIP|NO|DISABLE|IGNORE)_(?:SSL|TLS|HTTPS|CERT(?:IFICATE)?)_?(?:VERIFY|VERIFICATION|VALIDATION|CHECK|ERRORS?)?$/i,
    ON,
  ],
  [/(?:^|_)INSECURE(?:_(?:TLS|SSL|SKIP_VERIFY))?$/i, ON],
];
const TLS_FLAGS =
  /^--(?:insecure(?:-skip-tls-verify|-skip-verify|-tls)?|no-(?:verify-ssl|ssl-verify|check-certificate|verify-tls|tls-verify)|skip-(?:tls|ssl)-verify|tls-insecure|(?:no|disable)-ssl-verification|ignore-certificate-errors|ssl-no-verify)(?:=(?:true|1))?$|^--(?:verify|(?:verify-)?(?:ssl|tls)(?:-verify)?|strict-ssl)=(?:false|0|no|off)$/i;

/** Urls of plain http that leave this host: the entry's own and those that a bridge is given. */
export function plainHttp(posture: Posture): readonly Finding[] {
  const hosts = urlsOf(posture)
    .filter((url) => /^(?:http|ws):\/\//i.test(url))
    .map(hostOf)
    .filter((host) => !LOCAL_HOST.test(host));
  if (hosts.length === 0) return [];
  return [finding('mcp_plain_http', `the connection to ${listed(hosts)} is not encrypted`)];
}

function urlsOf({ entry }: Posture): readonly string[] {
  if (entry.url !== null) return [entry.url];
  const words = [entry.command ?? '', ...entry.args];
  return words.some((word) => BRIDGES.test(word)) ? words.filter((word) => /^[a-z]+:\/\//i.test(word)) : [];
}

function hostOf(url: string): string {
  return (URL.canParse(url) ? new URL(url).hostname : '') || 'the server';
}

/** A remote server without any credential in the entry; OAuth at run time cannot be seen here. */
export function unauthenticatedRemote({ entry, raw }: Posture): readonly Finding[] {
  if (entry.url === null || entry.headersHelper !== null || !/^(?:https?|wss?):\/\//i.test(entry.url))
    return [];
  const host = hostOf(entry.url);
  if (LOCAL_HOST.test(host)) return [];
  const query = URL.canParse(entry.url) ? [...new URL(entry.url).searchParams.keys()] : [];
  const signsIn =
    Object.keys(entry.headers).some((name) => AUTH_HEADER.test(name)) ||
    Object.keys(entry.env).some(isSecretName) ||
    query.some(isSecretName) ||
    (isObject(raw) && Object.keys(raw).some((key) => SIGN_IN_KEYS.test(key) && !isEmpty(raw[key]))) ||
    secretsOf(entry).length > 0;
  if (signsIn) return [];
  const message = `no authentication is configured for ${host}; OAuth may apply when it connects`;
  return [finding('mcp_remote_unauthenticated', message)];
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === '' || value === false || value === 'none';
}

/** Switches in the environment or arguments that leave certificates unchecked. */
export function insecureTls({ entry, inherited }: Posture): readonly Finding[] {
  const dockerEnv = entry.args.flatMap((arg, index) =>
    ['-e', '--env'].includes(entry.args[index - 1] ?? '') ? [arg] : [],
  );
  const assigned = [
    ...Object.entries(entry.env),
    ...dockerEnv.map((text) => [text.split('=')[0] ?? '', text.slice(text.indexOf('=') + 1)] as const),
  ];
  const names = assigned.filter(([name, value]) => switchesOff(name, value)).map(([name]) => name);
  const flags = entry.args.filter((arg) => TLS_FLAGS.test(arg));
  const places = [...names, ...flags];
  if (places.length > 0)
    return [finding('mcp_insecure_tls', `certificates are not checked: ${listed(places)}`)];
  const handed = Object.entries(inherited)
    .filter(
      ([name, value]) => /^(?:NODE_TLS|PYTHONHTTPS|GIT_SSL)/.test(name) && switchesOff(name, value ?? ''),
    )
    .map(([name]) => name)
    .filter((name) => !Object.hasOwn(entry.env, name));
  if (handed.length === 0 || entry.command === null) return [];
  const message = `certificates are not checked: the server inherits ${listed(handed)} from this user’s environment`;
  return [finding('mcp_insecure_tls', message, 'medium')];
}

function switchesOff(name: string, value: string): boolean {
  const text = value.trim();
  return TLS_SWITCHES.some(([names, values]) => names.test(name) && values.test(text));
}
