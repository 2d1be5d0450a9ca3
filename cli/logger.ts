import winston from 'winston';
import type { AgentLog } from '../agent/index.ts';
import { printable } from './output.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

/**
 * Log of a program, on stderr: JSON lines for a service, short lines for a person at a terminal.
 * `level` is the least level that is written.
 */
export function makeLog(style: 'json' | 'plain', level: Level): AgentLog {
  const { combine, timestamp, json, printf } = winston.format;
  const plain = printf(({ level: at, message, ...fields }) => {
    const rest = Object.entries(fields).map(([key, value]) => `${key}=${printable(String(value))}`);
    return [`sealwatch: ${at}: ${message}`, ...rest].join(' ');
  });
  return winston.createLogger({
    level,
    format: style === 'json' ? combine(timestamp(), json()) : plain,
    transports: [new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })],
  });
}
