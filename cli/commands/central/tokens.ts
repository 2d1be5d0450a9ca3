import { writeFileSync } from 'node:fs';
import { CliError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { type Output, printable } from '../../output.ts';
import { atDesk, type CentralPlace, columns, duration, operator, wholeNumber } from './desk.ts';

export interface TokenOptions extends CentralPlace {
  readonly group: string;
  /** Hosts that it enrols. */
  readonly count: string;
  /** How long it is good for, such as 24h or 7d. */
  readonly expires: string;
  readonly out?: string;
}

/** Writes a secret into a new file of mode 0600. @throws {CliError} */
export function writeSecret(path: string, text: string): void {
  try {
    writeFileSync(path, `${text}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw new CliError('CLI_FILE_UNREADABLE', `${path} cannot be written, or is there already`, { cause });
  }
}

/** `sealwatch central token create`: a token with which hosts enrol, shown once or put into a file of mode 0600. */
export async function tokenCreate(options: TokenOptions, output: Output): Promise<ExitCode> {
  const wish = {
    group: options.group,
    count: wholeNumber('count', options.count),
    expiresMs: duration('expires', options.expires),
    actor: operator(),
  };
  const token = await atDesk(options, (desk) => desk.createEnrolmentToken(wish));
  const { out } = options;
  if (out !== undefined) {
    writeSecret(out, token.text);
    output.say(`sealwatch: token ${token.id} written to ${out}`);
    if (output.json) output.answerJson({ id: token.id });
  } else if (output.json) output.answerJson({ id: token.id, token: token.text });
  else output.answer(token.text);
  return EXIT.fine;
}

/** `sealwatch central token list`: all tokens, without their secrets. */
export async function tokenList(place: CentralPlace, output: Output): Promise<ExitCode> {
  const tokens = await atDesk(place, (desk) => desk.listTokens());
  if (output.json) output.answerJson({ tokens });
  else if (tokens.length === 0) output.answer('There is no token.');
  else {
    const rows = tokens.map(({ id, grp, uses_left, created_by, expires, revoked }) =>
      [id, grp || '-', String(uses_left), printable(created_by), expires, revoked ?? ''].map(printable),
    );
    columns([['token', 'group', 'uses left', 'by', 'expires', 'revoked'], ...rows], output);
  }
  return EXIT.fine;
}

/** `sealwatch central token revoke`: nothing enrols with it any more. */
export async function tokenRevoke(id: string, place: CentralPlace, output: Output): Promise<ExitCode> {
  const changed = await atDesk(place, (desk) => desk.revokeToken(id, operator()));
  return told(changed, `token ${printable(id)}`, output);
}

/** Says whether something was revoked; 1 where there was nothing to revoke. */
export function told(changed: boolean, what: string, output: Output): ExitCode {
  if (output.json) output.answerJson({ revoked: changed });
  else output.say(`sealwatch: ${what} ${changed ? 'is revoked' : 'does not exist, or was revoked before'}`);
  return changed ? EXIT.fine : EXIT.findings;
}
