import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Document, parseDocument } from 'yaml';
import * as z from 'zod';
import { feedsSchema, fileFeed, openCentral } from '../../central/index.ts';
import { CliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Installation } from '../installation.ts';
import { parseListen } from '../listen.ts';
import { makeLog } from '../logger.ts';
import type { Output } from '../output.ts';
import { stopSignal, untilAborted } from '../stop-signal.ts';
import { readToken } from './agent.ts';

const centralConfigSchema = z.strictObject({
  /** ADDRESS:PORT to listen on. */
  listen: z.string().default('127.0.0.1:7300'),
  /** SQLite file. */
  database: z.string(),
  /** File with the token that agents show. */
  token_file: z.string(),
  /** JSON-lines file of OCSF findings; none where absent. */
  feed: z.string().optional(),
  /** Where alerts go on to (docs/feeds.md). */
  feeds: feedsSchema.default([]),
});

function loadCentralConfig(path: string): z.infer<typeof centralConfigSchema> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CliError('CLI_FILE_UNREADABLE', `${path} cannot be read`, { cause });
  }
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault !== undefined) throw new CliError('CLI_USAGE', `${path}: ${fault.message}`);
  const parsed = centralConfigSchema.safeParse(plainValue(document, path));
  if (!parsed.success) throw new CliError('CLI_USAGE', `${path}:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function plainValue(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 10 });
  } catch (cause) {
    throw new CliError('CLI_USAGE', `${path}: ${String(cause)}`, { cause });
  }
}

/** `sealwatch central run`: the collector by its config file, logging JSON to stderr. */
export async function centralRun(file: string, install: Installation, output: Output): Promise<ExitCode> {
  const config = loadCentralConfig(file);
  const stopped = stopSignal();
  const central = await openCentral({
    databasePath: config.database,
    ...parseListen(config.listen),
    agentToken: readToken(config.token_file),
    feeds: config.feed === undefined ? config.feeds : [...config.feeds, fileFeed(resolve(config.feed))],
    version: install.version,
    log: makeLog('json', 'info'),
  });
  output.say(`sealwatch: central at ${central.url}`);
  output.say('sealwatch: ready');
  await untilAborted(stopped);
  await central.stop();
  return EXIT.fine;
}

/** `sealwatch central token create`: a new secret for agents, printed once or put into a file of mode 0600. */
export function tokenCreate(file: string | undefined, output: Output): ExitCode {
  const token = randomBytes(32).toString('hex');
  if (file !== undefined) {
    try {
      writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
    } catch (cause) {
      throw new CliError('CLI_FILE_UNREADABLE', `${file} cannot be written, or is there already`, { cause });
    }
    output.say(`sealwatch: token written to ${file}`);
  } else if (output.json) output.answerJson({ token });
  else output.answer(token);
  return EXIT.fine;
}
