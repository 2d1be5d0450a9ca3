import winston from 'winston';
import type { AgentLog } from '../agent/index.ts';
import { printable } from './output.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** Characters of one field of a line. */
const MAX_FIELD_CHARS = 4_000;
/** What is recognised as a secret wherever it stands: a token's second half, a password in a URL, a private key. */
const SECRETS = [
  [/\b(sw(?:enrol|api|login)_[0-9a-f]{16})_[\w-]+/g, '$1_hidden'],
  [/\b([a-z][a-z0-9+.-]{1,32}:\/\/[^\s:/@]{0,256}):[^\s@/]{1,1024}@/gi, '$1:hidden@'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*/g, 'hidden'],
  [/\b(Bearer|Basic) [\w+/=.~-]{8,}/gi, '$1 hidden'],
] as const;

/** A text of the host or of the network as it may stand in a log: without secrets, and nothing in it acts on a terminal. */
function harmless(text: string): string {
  const hidden = SECRETS.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
  return printable(hidden.length > MAX_FIELD_CHARS ? `${hidden.slice(0, MAX_FIELD_CHARS)}…` : hidden);
}

/** Every text of a line made harmless, and what happened as one word: messages are constants, so it is the same each time. */
const service = winston.format((line) => {
  for (const [key, value] of Object.entries(line)) {
    if (key !== 'level' && typeof value === 'string') line[key] = harmless(value);
  }
  line['event'] = String(line.message)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return line;
});

/**
 * Log of a program, on stderr: JSON lines for a service, short lines for a person at a terminal.
 * `level` is the least level that is written.
 */
export function makeLog(style: 'json' | 'plain', level: Level): AgentLog {
  const { combine, timestamp, json, printf } = winston.format;
  const plain = printf(({ level: at, message, ...fields }) => {
    const rest = Object.entries(fields).map(([key, value]) => `${key}=${harmless(String(value))}`);
    return [`sealwatch: ${at}: ${harmless(String(message))}`, ...rest].join(' ');
  });
  return winston.createLogger({
    level,
    format: style === 'json' ? combine(service(), timestamp(), json()) : plain,
    transports: [new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })],
  });
}
