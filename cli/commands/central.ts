import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Document, parseDocument } from 'yaml';
import * as z from 'zod';
import {
  feedsSchema,
  fileFeed,
  identitySettings,
  openCentral,
  withIdentityDesk,
} from '../../central/index.ts';
import { CliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Installation } from '../installation.ts';
import { parseListen } from '../listen.ts';
import { makeLog } from '../logger.ts';
import type { Output } from '../output.ts';
import { stopSignal, untilAborted } from '../stop-signal.ts';

const centralConfigSchema = z.strictObject({
  /** ADDRESS:PORT of the API. */
  listen: z.string().default('127.0.0.1:7300'),
  /** SQLite file. */
  database: z.string(),
  /** Where agents connect, and how they prove who they are. */
  identity: identitySettings,
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
    identity: config.identity,
    feeds: config.feed === undefined ? config.feeds : [...config.feeds, fileFeed(resolve(config.feed))],
    version: install.version,
    rulesDirectory: install.rules,
    log: makeLog('json', 'info'),
  });
  output.say(`sealwatch: central at ${central.url}`);
  output.say(`sealwatch: agents at ${central.agentUrl}`);
  output.say('sealwatch: ready');
  await untilAborted(stopped);
  await central.stop();
  return EXIT.fine;
}

export interface TokenOptions {
  readonly config: string;
  readonly group: string;
  /** Agents that it enrols. */
  readonly count: string;
  /** Hours that it is good for. */
  readonly hours: string;
  readonly out?: string;
}

const MS_PER_HOUR = 3_600_000;

/**
 * `sealwatch central token create`: a token with which hosts enrol, printed once or put into a file of mode 0600, while
 * central does not run.
 */
export async function tokenCreate(options: TokenOptions, output: Output): Promise<ExitCode> {
  const { database, identity } = loadCentralConfig(options.config);
  const [count, hours] = [positive('count', options.count), positive('hours', options.hours)];
  const wish = { group: options.group, count, expiresMs: hours * MS_PER_HOUR, actor: 'cli' };
  const log = makeLog('plain', 'warn');
  const token = await withIdentityDesk(database, identity, log, (desk) => desk.createEnrolmentToken(wish));
  const { out } = options;
  if (out !== undefined) {
    try {
      writeFileSync(out, `${token.text}\n`, { mode: 0o600, flag: 'wx' });
    } catch (cause) {
      throw new CliError('CLI_FILE_UNREADABLE', `${out} cannot be written, or is there already`, { cause });
    }
    output.say(`sealwatch: token written to ${out}`);
  } else if (output.json) output.answerJson({ id: token.id, token: token.text });
  else output.answer(token.text);
  return EXIT.fine;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new CliError('CLI_USAGE', `--${name} must be a whole number above 0`);
}
