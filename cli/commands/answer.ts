import { join, resolve } from 'node:path';
import { answerQuestion, openQuestions } from '../../guard/index.ts';
import { CliError } from '../errors.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type Output, printable } from '../output.ts';

export interface AnswerOptions {
  readonly stateDir: string;
  readonly allow?: boolean;
  readonly refuse?: boolean;
}

/** `sealwatch answer`: what guards ask a person whose client cannot ask; with an id and a word, the answer. */
export function answer(id: string | undefined, options: AnswerOptions, output: Output): ExitCode {
  const directory = join(resolve(options.stateDir), 'questions');
  const open = openQuestions(directory, new Date());
  if (id === undefined) {
    if (output.json) output.answerJson(open);
    for (const { id, server, question } of output.json ? [] : open)
      output.answer(`${id}  ${printable(server)}: ${printable(question)}`);
    if (!output.json && open.length === 0) output.say('sealwatch: nobody waits for an answer');
    return EXIT.fine;
  }
  if ((options.allow === true) === (options.refuse === true))
    throw new CliError('CLI_USAGE', 'say either --allow or --refuse');
  if (!open.some((question) => question.id === id))
    throw new CliError('CLI_USAGE', `nobody waits for an answer to ${id}`, {
      hint: '`sealwatch answer` lists what is asked',
    });
  answerQuestion(directory, id, options.allow === true);
  return EXIT.fine;
}
