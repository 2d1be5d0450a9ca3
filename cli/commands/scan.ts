import { fullServer } from '../../agent/index.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type Output, printable } from '../output.ts';
import { type Selection, viewOf } from '../selection.ts';
import { problemLine, serverTable } from '../table.ts';

/** `sealwatch scan`: every server that this host can start, what is wrong, and no daemon needed. */
export async function scan(selection: Selection, output: Output): Promise<ExitCode> {
  const sight = await viewOf({ ...selection, home: selection.home ?? [] }).look(new Date());
  const servers = sight.servers.map(fullServer);
  if (output.json) output.answerJson({ servers, problems: sight.problems });
  else {
    output.answer(serverTable(servers, output));
    for (const server of servers) {
      for (const finding of server.findings) {
        output.answer(
          `  ${server.client}/${printable(server.name)}: ${finding.severity}: ${printable(finding.message)} (${finding.id})`,
        );
      }
    }
    for (const problem of sight.problems) output.say(`problem: ${problemLine(problem)}`);
  }
  const wrong = servers.some((server) => server.findings.length > 0) || sight.problems.length > 0;
  return wrong ? EXIT.findings : EXIT.fine;
}
