import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandTree } from '../command-tree.ts';
import { ruleNames } from '../completion/candidates.ts';
import type { Installation } from '../installation.ts';
import { buildProgram } from '../program.ts';
import { completionFiles, type ManualFile, manualFiles } from './files.ts';

/** Day that pages bear: that of the edition and not of the build, so that every build is alike. */
const EDITION_DATE = '2026-11-28';

/** Every file of the manual and of the completions, made from the program of this installation and its documentation. */
export function packagedFiles(install: Installation): readonly ManualFile[] {
  const program = commandTree(buildProgram(install, () => {}));
  const read = (page: string) => readFileSync(join(install.root, 'docs', page), 'utf8');
  const docs = {
    agentConfig: read('agent-config.md'),
    centralConfig: read('central-config.md'),
    feeds: read('feeds.md'),
  };
  const edition = { version: install.version, date: EDITION_DATE };
  return [
    ...manualFiles(program, docs, edition),
    ...completionFiles(program, { rules: ruleNames(install.rules) }),
  ];
}
