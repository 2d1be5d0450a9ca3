import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { haveProgram } from '../debian-package.ts';
import type { AttackedServer } from './attacked-server.ts';

/** How an attacker runs something out of sight; each ends in an alert with these fields. */
export interface Evasion {
  readonly name: string;
  /** What lies there already: the server itself only uses it. */
  readonly prepare?: (directory: string) => void;
  /** Words in which the mark stands, by which the alert is found. */
  readonly words: (mark: string, directory: string) => readonly string[];
  readonly rule: string;
  /** End of the program's path in the alert. */
  readonly image: RegExp;
  /** Debian package and program that it takes. */
  readonly needs?: readonly [program: string, debianPackage: string, probe?: string];
}

export const SHELL = 'mcp_shell_spawn';

/** A shell's text that tells its pid as the host counts it, whatever namespace it runs in: /proc is the host's. */
export function tells(mark: string): string {
  return `read pid rest </proc/self/stat; echo "pid $pid" ${mark}`;
}

/** Whether the Debian package is there; says why the test is skipped where it is not. */
export function isMissing(at: TestContext, needs: Evasion['needs']): boolean {
  if (needs === undefined || haveProgram(...needs)) return false;
  at.skip(`${needs[0]} is not installed and cannot be`);
  return true;
}

let counted = 0;

/** One test per evasion: the server's own is told with all that matters, a stranger's is not told at all. */
export function testEvasions(evasions: readonly Evasion[], attacked: () => AttackedServer): void {
  for (const { name, prepare, words, rule, image, needs } of evasions) {
    test(`${name} is ${rule}, but not outside of the server`, async (at) => {
      if (isMissing(at, needs)) return;
      const { server, stranger, host } = attacked();
      counted += 1;
      const mark = `evasion-${process.pid}-${counted}-`;
      const outside = `stranger-${process.pid}-${counted}-`;
      const directory = host.makeDirectory(host.at('work', String(counted)));
      prepare?.(directory);
      const strange = await stranger.does({ words: words(outside, directory) });
      const done = await server.does({ words: words(mark, directory) });
      assert.deepEqual([strange.status, done.status], [0, 0], `${strange.errors} ${done.errors}`);
      const alert = await attacked().alert(
        rule,
        ({ event, actor }) => String(event['CommandLine']).includes(mark) && image.test(actor?.exe ?? ''),
      );
      const pid = /pid (\d+)/.exec(done.output)?.[1];
      attacked().assertOwn(alert, { exe: image, ...(pid === undefined ? {} : { pid: Number(pid) }) });
      assert.deepEqual(attacked().told(outside), []);
    });
  }
}
