import { type CheckState, examineCentral } from '../../../central/index.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { type Output, printable } from '../../output.ts';
import type { CentralPlace } from './desk.ts';

const SIGNS = { ok: 'ok  ', degraded: 'WARN', failed: 'FAIL' } as const satisfies Record<CheckState, string>;

/** `sealwatch central doctor`: what of central works, and what to do about the rest. 1: degraded, 3: something failed. */
export async function centralDoctor({ config }: CentralPlace, output: Output): Promise<ExitCode> {
  const checks = await examineCentral(config, Date.now);
  if (output.json) output.answerJson({ checks });
  else {
    for (const { name, state, detail, fix } of checks) {
      output.answer(
        `${SIGNS[state]} ${printable(name)}: ${detail.split('\n').map(printable).join('\n     ')}`,
      );
      if (fix !== null) output.answer(`     fix: ${printable(fix)}`);
    }
  }
  if (checks.some(({ state }) => state === 'failed')) return EXIT.failed;
  return checks.every(({ state }) => state === 'ok') ? EXIT.fine : EXIT.findings;
}
