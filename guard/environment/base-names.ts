/** What programs need to run at all, whoever approved them. */
const BASE_NAMES: ReadonlySet<string> = new Set([
  'HOME',
  'LOGNAME',
  'USER',
  'PATH',
  'PWD',
  'SHELL',
  'TERM',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TMPDIR',
  'TMP',
  'TEMP',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  // Core Foundation of macOS sets it for every process.
  '__CF_USER_TEXT_ENCODING',
]);
/** Locale categories (locale(7)) and the XDG base directories. */
const BASE_PREFIX = /^(?:LC_|XDG_)/;

/**
 * Certificates that TLS believes beside, or in place of, those of the library. With a proxy, whoever chooses them reads and
 * changes what the server sends.
 */
const TRUST_NAMES: ReadonlySet<string> = new Set([
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
]);

/**
 * Whether every server gets a variable. The session bus (DBUS_SESSION_BUS_ADDRESS), the display (DISPLAY,
 * WAYLAND_DISPLAY, XAUTHORITY) and agents (SSH_AUTH_SOCK) are not among them: keys, the screen and the keyboard are
 * behind them, which few servers need.
 */
export function isBaseName(name: string): boolean {
  return BASE_NAMES.has(name) || BASE_PREFIX.test(name);
}

/** Whether a variable names certificates that TLS is to believe. */
export function isTrustName(name: string): boolean {
  return TRUST_NAMES.has(name);
}
