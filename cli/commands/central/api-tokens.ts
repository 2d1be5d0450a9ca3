import { databaseOf, loadCentralConfig, ROLES, type Role, withAccessDesk } from '../../../central/index.ts';
import { CliError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { type Output, printable } from '../../output.ts';
import { type CentralPlace, columns, duration, operator } from './desk.ts';
import { told, writeSecret } from './tokens.ts';

export interface ApiTokenOptions extends CentralPlace {
  readonly role: string;
  readonly name: string;
  /** How long it is good for, such as 90d. */
  readonly expires: string;
  readonly out?: string;
}

function roleOf(text: string): Role {
  const role = ROLES.find((known) => known === text);
  if (role !== undefined) return role;
  throw new CliError('CLI_USAGE', `--role must be one of ${ROLES.join(', ')}`);
}

/** `sealwatch central api-token create`: a token with which a program uses the API, shown once. */
export async function apiTokenCreate(options: ApiTokenOptions, output: Output): Promise<ExitCode> {
  const wish = {
    role: roleOf(options.role),
    name: options.name,
    lifeMs: duration('expires', options.expires),
    actor: operator(),
  };
  const place = databaseOf(loadCentralConfig(options.config));
  const { token, ...record } = await withAccessDesk(place, ({ tokens }) => tokens.create(wish));
  const { out } = options;
  if (out !== undefined) {
    writeSecret(out, token);
    output.say(`sealwatch: API token ${record.id} written to ${out}`);
    if (output.json) output.answerJson(record);
  } else if (output.json) output.answerJson({ ...record, token });
  else output.answer(token);
  return EXIT.fine;
}

/** `sealwatch central api-token list`: all API tokens, without their secrets. */
export async function apiTokenList({ config }: CentralPlace, output: Output): Promise<ExitCode> {
  const place = databaseOf(loadCentralConfig(config));
  const tokens = await withAccessDesk(place, (desk) => desk.tokens.list());
  if (output.json) output.answerJson({ tokens });
  else if (tokens.length === 0) output.answer('There is no API token.');
  else {
    const rows = tokens.map(({ id, name, role, created_by, expires, revoked }) =>
      [id, name, role, created_by, expires, revoked ?? ''].map(printable),
    );
    columns([['token', 'name', 'role', 'by', 'expires', 'revoked'], ...rows], output);
  }
  return EXIT.fine;
}

/** `sealwatch central api-token revoke`: nothing is answered to it any more. */
export async function apiTokenRevoke(
  id: string,
  { config }: CentralPlace,
  output: Output,
): Promise<ExitCode> {
  const place = databaseOf(loadCentralConfig(config));
  const changed = await withAccessDesk(place, ({ tokens }) => tokens.revoke(id, operator()));
  return told(changed, `API token ${printable(id)}`, output);
}
