import { type Command, Option } from 'commander';
import { collect, keyOption, profileOption, type Run, stateDirOption, withJson } from './command-options.ts';
import type { Installation } from './installation.ts';

/** The commands of `sealwatch rules`. */
export function addRules(program: Command, install: Installation, run: Run): void {
  const rules = program.command('rules').description('check and try Sigma rules');
  addCheck(rules, run);
  addMatch(rules, run);
  addTest(rules, run);
  addExplain(rules, install, run);
  addCoverage(rules, install, run);
  addPacks(rules, install, run);
}

function withPlaceholders(command: Command): Command {
  return withJson(command).option(
    '--placeholder <name=value>',
    'what rules mean by %name%; may be repeated, also for one name',
    collect,
  );
}

function scope(): Option {
  return new Option('--scope <scope>', 'what rules that say nothing of MCP look at')
    .choices(['subtrees', 'host'])
    .default('host');
}

function addCheck(rules: Command, run: Run): void {
  withPlaceholders(rules.command('check').argument('<path...>', 'rule files or directories'))
    .description('which rules load, and why the others do not')
    .option('--strict', 'let warnings count, and paths without a rule', false)
    .action((paths, options) =>
      run(options, async (output) =>
        (await import('./commands/rules/check.ts')).rulesCheck(paths, options, output),
      ),
    );
}

function addMatch(rules: Command, run: Run): void {
  withPlaceholders(rules.command('match'))
    .description('run rules and correlations over recorded events')
    .requiredOption('--rules <path...>', 'rule files or directories')
    .requiredOption('--events <file>', 'events as JSON lines; - is stdin')
    .option('--time <field>', 'field with the time of an event; @timestamp and the like unless told')
    .option('--skip-invalid', 'go on after lines that are no event', false)
    .addOption(scope())
    .action((options) =>
      run(options, async (output) => (await import('./commands/rules/match.ts')).rulesMatch(options, output)),
    );
}

function addTest(rules: Command, run: Run): void {
  withPlaceholders(rules.command('test').argument('<path...>', 'rule files or directories'))
    .description('run the samples beside each rule: NAME.hit.jsonl and NAME.miss.jsonl')
    .option('--strict', 'let rules without samples count', false)
    .action((paths, options) =>
      run(options, async (output) =>
        (await import('./commands/rules/test.ts')).rulesTest(paths, options, output),
      ),
    );
}

function addExplain(rules: Command, install: Installation, run: Run): void {
  withPlaceholders(rules.command('explain'))
    .description('why a rule matches an event, or does not')
    .argument('<rule>', 'its id, name or title, or a rule file')
    .argument('<event>', 'a file, of which the first event counts; FILE:LINE; - for stdin; or JSON')
    .option('--rules <path...>', 'rule files or directories; those that come with Sealwatch unless told')
    .addOption(scope())
    .action((rule, event, options) =>
      run(options, async (output) =>
        (await import('./commands/rules/explain.ts')).rulesExplain(rule, event, options, install, output),
      ),
    );
}

function addCoverage(rules: Command, install: Installation, run: Run): void {
  withPlaceholders(rules.command('coverage'))
    .description('which rules speak of which technique, risk, layer and control')
    .argument('[path...]', 'rule files or directories; those that come with Sealwatch unless told')
    .addOption(new Option('--markdown', 'answer as a page').conflicts('json'))
    .action((paths, options) =>
      run(options, async (output) =>
        (await import('./commands/rules/coverage.ts')).rulesCoverage(paths, options, install, output),
      ),
    );
}

function addPacks(rules: Command, install: Installation, run: Run): void {
  const withState = (command: Command) => command.addOption(stateDirOption('where keys and trust roots lie'));
  withState(rules.command('pack').argument('<dir>', 'a directory of rule files'))
    .description('sign the rule files of a directory as one set, and write it to stdout')
    .requiredOption('--version <number>', 'higher than that of the last pack', Number)
    .option('--name <name>', 'its name; that of the directory unless told')
    .addOption(keyOption())
    .action((directory, options) =>
      run({}, async (output) =>
        (await import('./commands/rule-pack.ts')).rulesPack(directory, options, install, output),
      ),
    );
  withState(rules.command('sign').argument('<file>', 'a signed pack'))
    .description('add a signature to a pack, and write it to stdout')
    .addOption(keyOption())
    .action((file, options) =>
      run({}, async (output) => (await import('./commands/rule-pack.ts')).rulesSign(file, options, output)),
    );
  withState(withJson(rules.command('verify').argument('<file>', 'a signed pack')))
    .description('who signed a pack, and which of its rules load')
    .addOption(profileOption('how strictly trust roots are judged'))
    .action((file, options) =>
      run(options, async (output) =>
        (await import('./commands/rule-pack.ts')).rulesVerify(file, options, install, output),
      ),
    );
}
