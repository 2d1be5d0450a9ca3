import { resolve } from 'node:path';
import { acceptedGuards, parseConfigFile } from '../../inventory/index.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { guardPath } from '../installation.ts';
import { type Output, printable } from '../output.ts';
import { problemLine } from '../table.ts';

/**
 * `sealwatch inventory parse`: what one client would read in one file, literally. A client that is not known is
 * read by the generic reader, and that is a problem in the answer.
 */
export function inventoryParse(client: string, file: string, output: Output): ExitCode {
  // Which state directory counts is known of a host, not of a file.
  const accepted = { ...acceptedGuards([guardPath()], undefined), isStateDir: () => true };
  const parsed = parseConfigFile(client, resolve(file), accepted);
  if (output.json) output.answerJson(parsed);
  else {
    for (const server of parsed.servers) {
      const start = server.command === null ? server.url : [server.command, ...server.args].join(' ');
      output.answer(`${printable(server.name)}\t${server.transport}\t${printable(start ?? '')}`);
    }
    for (const problem of parsed.problems) output.say(`problem: ${problemLine(problem)}`);
  }
  return parsed.valid && parsed.problems.length === 0 ? EXIT.fine : EXIT.findings;
}
