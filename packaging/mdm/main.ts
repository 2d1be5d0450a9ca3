// Writes what a device management needs: profiles, launchd jobs, and the pages that follow from the table of settings.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { PlistValue } from 'plist';
import { parse } from 'yaml';
import { agentSettings, managedFaults } from '../../agent/index.ts';
import type { GeneratedFile } from '../generated-file.ts';
import { mdmFiles, staticFiles } from './files.ts';

const USAGE = `npm run mdm -- --out DIR --central-url wss://HOST:PORT [--team-id TEAM] [--settings FILE.yml]
                 [--token-file FILE | --token TOKEN] [--profile developer|production] [--group GROUP]
npm run mdm -- --pages     writes what follows from the table of settings into this checkout`;
/** Apple's identifier of a team. */
const TEAM = /^[A-Z0-9]{10}$/;

/** Says on stderr what is wrong with the call, and ends the program. */
function refuse(message: string): never {
  process.stderr.write(`sealwatch mdm: ${message}\n${USAGE}\n`);
  process.exit(2);
}

function write(directory: string, files: readonly GeneratedFile[]): void {
  for (const { path, text, isSecret } of files) {
    const target = join(directory, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text, { mode: 0o600 });
    chmodSync(target, isSecret === true ? 0o600 : 0o644);
    process.stdout.write(`${target}\n`);
  }
}

function isDictionary(value: unknown): value is { [key: string]: PlistValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readSettings(file: string | undefined): { [key: string]: PlistValue } {
  const value: unknown = file === undefined ? {} : parse(readFileSync(file, 'utf8'), { maxAliasCount: 10 });
  return isDictionary(value) ? value : refuse(`${file} holds no settings`);
}

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    pages: { type: 'boolean' },
    settings: { type: 'string' },
    'central-url': { type: 'string' },
    token: { type: 'string' },
    'token-file': { type: 'string' },
    'team-id': { type: 'string' },
    profile: { type: 'string' },
    group: { type: 'string' },
  },
});

if (values.pages === true) {
  write(join(import.meta.dirname, '..', '..'), staticFiles(agentSettings()));
} else {
  const { out, profile, group } = values;
  const given = readSettings(values.settings);
  const central = isDictionary(given['central']) ? given['central'] : {};
  const url = values['central-url'] ?? central['url'];
  const teamId = values['team-id'] ?? null;
  if (out === undefined || url === undefined) refuse('--out and the URL of central are needed');
  if (teamId !== null && !TEAM.test(teamId)) refuse('a team id has ten capitals and digits');
  const file = values['token-file'];
  const token = file === undefined ? values.token : readFileSync(file, 'utf8').trim();
  const preferences = {
    ...given,
    central: { ...central, url },
    ...(profile === undefined ? {} : { profile }),
    ...(group === undefined ? {} : { group }),
    ...(token === undefined ? {} : { enrolment_token: token }),
  };
  const faults = managedFaults(preferences);
  if (faults !== null) refuse(`the agent would refuse these settings:\n${faults}`);
  write(out, mdmFiles({ preferences, teamId }));
  if (teamId === null)
    process.stderr.write(
      'sealwatch mdm: without --team-id there are no profiles for Full Disk Access and background items\n',
    );
}
