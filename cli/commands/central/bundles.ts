import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { CentralApi, type CentralApiOptions } from '../../central-api.ts';
import { CliError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { type Output, printable } from '../../output.ts';
import { columns } from './desk.ts';

const bundleSchema = z.object({ kind: z.string(), version: z.number() });
const rolloutSchema = z.object({
  id: z.string(),
  kind: z.string(),
  version: z.number(),
  groups: z.array(z.string()),
  canary_percent: z.number(),
  state: z.string(),
  reason: z.string(),
});
const rolloutsSchema = z.object({
  rollouts: z.array(rolloutSchema.extend({ hosts: z.object({ applied: z.number(), refused: z.number() }) })),
});

export interface RolloutStartOptions extends CentralApiOptions {
  readonly group?: readonly string[];
  /** Percent of hosts that get it first. */
  readonly canary: number;
}

/** `sealwatch central bundle add`: hands central a signed bundle. */
export async function bundleAdd(file: string, options: CentralApiOptions, output: Output): Promise<ExitCode> {
  let bundle: string;
  try {
    bundle = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CliError('CLI_FILE_UNREADABLE', `${printable(file)} cannot be read`, { cause });
  }
  const { kind, version } = bundleSchema.parse(
    await new CentralApi(options).post('/api/v1/bundles', { bundle }),
  );
  if (output.json) output.answerJson({ kind, version });
  else output.answer(`added ${printable(kind)} ${version}; no host is offered it before a rollout`);
  return EXIT.fine;
}

/** `sealwatch central rollout start`: offers a bundle to hosts, to canaries first. */
export async function rolloutStart(
  kind: string,
  version: string,
  options: RolloutStartOptions,
  output: Output,
): Promise<ExitCode> {
  const wish = {
    kind,
    version: Number(version),
    groups: options.group ?? [],
    canary_percent: options.canary,
  };
  const { id, state } = rolloutSchema.parse(await new CentralApi(options).post('/api/v1/rollouts', wish));
  if (output.json) output.answerJson({ id, state });
  else output.answer(`rollout ${printable(id)}: ${printable(state)}`);
  return EXIT.fine;
}

/** `sealwatch central rollout stop`: offers a bundle to nobody any more. */
export async function rolloutStop(
  id: string,
  options: CentralApiOptions & { readonly reason?: string },
  output: Output,
): Promise<ExitCode> {
  const path = `/api/v1/rollouts/${encodeURIComponent(id)}/stop`;
  await new CentralApi(options).post(path, { reason: options.reason ?? '' });
  if (output.json) output.answerJson({ id, state: 'stopped' });
  else output.answer('stopped; hosts that have it keep it until a higher version comes');
  return EXIT.fine;
}

/** `sealwatch central rollout status`: every rollout, the newest first. */
export async function rolloutStatus(options: CentralApiOptions, output: Output): Promise<ExitCode> {
  const { rollouts } = rolloutsSchema.parse(await new CentralApi(options).get('/api/v1/rollouts'));
  if (output.json) {
    output.answerJson({ rollouts });
    return EXIT.fine;
  }
  const rows = rollouts.map(({ id, kind, version, groups, state, reason, hosts }) =>
    [
      id,
      `${kind} ${version}`,
      groups.join(',') || 'all',
      state,
      `${hosts.applied}`,
      `${hosts.refused}`,
      reason,
    ].map(printable),
  );
  columns([['rollout', 'bundle', 'groups', 'state', 'applied', 'refused', ''], ...rows], output);
  return EXIT.fine;
}
