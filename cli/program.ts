import { Command, Option } from 'commander';
import { PROFILES, SEVERITIES } from '../wire/index.ts';
import { addCentral } from './central-program.ts';
import { type Action, collect, type Run, withJson } from './command-options.ts';
import type { ExitCode } from './exit-code.ts';
import { addGuard } from './guard-program.ts';
import { addIdentity } from './identity-program.ts';
import { defaultStateDir, type Installation } from './installation.ts';
import { makeOutput } from './output.ts';
import { addRules } from './rules-program.ts';
import { addService } from './service-program.ts';

/** Every command of `sealwatch` (docs/architecture.md, "Contracts"). `finish` gets the exit code of the one that ran. */
export function buildProgram(install: Installation, finish: (code: ExitCode) => void): Command {
  const program = new Command('sealwatch')
    .description('Keeps the approval of an MCP server true.')
    .version(install.version)
    // `rules pack --version 3` is the version of the pack.
    .enablePositionalOptions()
    .exitOverride();
  const run = async (options: { readonly json?: boolean }, action: Action) =>
    finish(await action(makeOutput(options.json === true)));
  addInventory(program, install, run);
  addApproval(program, run);
  addWrapping(program, run);
  addKeys(program, run);
  addBundles(program, run);
  addPolicies(program, run);
  addRules(program, install, run);
  addGuard(program, install, run);
  addIdentity(program, run);
  addPrograms(program, install, run);
  addService(program, install, run);
  return program;
}

/** Options that say what to look at and where approvals lie. */
function withSelection(command: Command): Command {
  return withJson(command)
    .option('--home <dir>', 'a home to look at instead of all users’; may be repeated', collect)
    .option('--root <dir>', 'a directory to search for project configs; may be repeated', collect)
    .option('--state-dir <dir>', 'where approvals, keys and the spool lie', defaultStateDir(process.env));
}

function addScan(program: Command, install: Installation, run: Run): void {
  withSelection(program.command('scan'))
    .description('list every MCP server that this host can start, and what is wrong')
    .option('--sarif', 'answer in SARIF 2.1.0 on stdout')
    .option('--html <file>', 'write a report page; - is stdout')
    .option('--all', 'show informational findings, too')
    .addOption(
      new Option('--fail-on <level>', 'end in 1 where a finding has this level or a higher one')
        .choices([...SEVERITIES, 'none'])
        .default('low'),
    )
    .addOption(
      new Option('--profile <profile>', 'how strictly to judge').choices(PROFILES).default('developer'),
    )
    .action((options) =>
      run(options, async (output) => (await import('./commands/scan.ts')).scan(options, install, output)),
    );
}

function addInventory(program: Command, install: Installation, run: Run): void {
  addScan(program, install, run);
  const inventory = program.command('inventory').description('look at single config files');
  withJson(inventory.command('parse'))
    .description('show what a client would read in a file')
    .requiredOption('--client <id>', 'whose format it is, e.g. claude-code')
    .argument('<file>')
    .action((file, options) =>
      run(options, async (output) =>
        (await import('./commands/inventory-parse.ts')).inventoryParse(options.client, file, output),
      ),
    );
}

function addApproval(program: Command, run: Run): void {
  const decision = (command: Command, argument = '<server>') =>
    withSelection(command.argument(argument, 'id, or client/name where that is unique'))
      .option('--yes', 'ask nothing', false)
      .option('--key <name>', 'key that signs: a name, or ssh:COMMENT of the OpenSSH agent')
      .option('--owner <name>', 'who answers for the server; its user unless told')
      .option('--reason <text>', 'why');
  const profile = () =>
    new Option('--profile <profile>', 'what it is approved for; that of the agent unless told').choices(
      PROFILES,
    );
  decision(program.command('approve'), '[server]')
    .description('seal what a server is made of and sign that it may run')
    .option('--expires <days>', 'days until the approval ends', Number)
    .addOption(profile())
    .option('--accept <finding>', 'a finding that production would not take; may be repeated', collect)
    .option('--group <name>', 'a host group that it is for; may be repeated', collect)
    .option('--policy <file>', 'what it may do while it runs (docs/policy.md)')
    .option('--no-policy', 'give up the policy of the last approval')
    .option(
      '--tools <from>',
      'the tools that it may offer: `seen` by the guard, or an answer to tools/list in a file',
    )
    .option('--any-user', 'let it hold for every user')
    .option('--project', 'keep it in the project, to be committed')
    .option('--all', 'approve every server that --from-scan shows')
    .option('--from-scan <file>', 'answer of `scan --json`: what changed since is not approved')
    .action((server, options) =>
      run(options, async (output) => (await import('./commands/decide.ts')).approve(server, options, output)),
    );
  decision(program.command('revoke'))
    .description('sign that a server may no longer run')
    .action((server, options) =>
      run(options, async (output) => (await import('./commands/decide.ts')).revoke(server, options, output)),
    );
  decision(program.command('cosign'))
    .description('add a signature to an approval that needs several')
    .action((server, options) =>
      run(options, async (output) => (await import('./commands/decide.ts')).cosign(server, options, output)),
    );
  withSelection(program.command('show').argument('<server>'))
    .description('one server: its state and why, its closure, its findings')
    .action((server, options) =>
      run(options, async (output) => (await import('./commands/inspect.ts')).show(server, options, output)),
    );
  withSelection(program.command('diff').argument('<server>'))
    .description('what changed since the approval')
    .action((server, options) =>
      run(options, async (output) => (await import('./commands/inspect.ts')).diff(server, options, output)),
    );
  withSelection(program.command('verify'))
    .description(
      'state and reason of every server; with --root alone, of a checkout by what is committed there',
    )
    .option('--trust <file>', 'a public key whose signatures count; may be repeated', collect)
    .addOption(profile())
    .action((options) =>
      run(options, async (output) => (await import('./commands/inspect.ts')).verify(options, output)),
    );
}

function addWrapping(program: Command, run: Run): void {
  const rewriting = (verb: 'wrap' | 'unwrap', description: string) =>
    withSelection(program.command(verb).argument('[server...]', 'id, or client/name where that is unique'))
      .description(description)
      .option('--all', 'every server that is found')
      .option('--client <id>', 'servers of this client alone')
      .option('--project <dir>', 'servers of this project alone')
      .option('--dry-run', 'show what would change in which file, and change nothing')
      .action((servers, options) =>
        run(options, async (output) =>
          (await import('./commands/wrap.ts')).rewrite(verb, servers, options, output),
        ),
      );
  rewriting('wrap', 'put the guard in front of servers in the configs of their clients');
  rewriting('unwrap', 'take the guard away again');
}

function addKeys(program: Command, run: Run): void {
  const keys = program.command('key').description('keys that sign approvals, and whose signatures count');
  const withState = (command: Command) =>
    withJson(command).option('--state-dir <dir>', 'where keys lie', defaultStateDir(process.env));
  withState(keys.command('create'))
    .description('make an Ed25519 key')
    .option('--name <name>', 'its name; approver unless told')
    .option('--no-trust', 'do not let its signatures count on this host')
    .action((options) =>
      run(options, async (output) => (await import('./commands/key.ts')).keyCreate(options, output)),
    );
  withState(keys.command('export'))
    .description('write the public half of a key')
    .option('--name <name>', 'approver unless told')
    .option('--ssh', 'as one line of OpenSSH')
    .action((options) =>
      run(options, async (output) => (await import('./commands/key.ts')).keyExport(options, output)),
    );
  withState(keys.command('list'))
    .description('own keys, those of the OpenSSH agent, and trust roots')
    .action((options) =>
      run(options, async (output) => (await import('./commands/key.ts')).keyList(options, output)),
    );
  withState(keys.command('trust').argument('<file>'))
    .description('let the signatures of a public key count here')
    .action((file, options) =>
      run(options, async (output) => (await import('./commands/key.ts')).keyTrust(file, options, output)),
    );
}

function addBundles(program: Command, run: Run): void {
  const bundles = program.command('bundle').description('what is signed for other hosts');
  const withState = (command: Command) =>
    command.option('--state-dir <dir>', 'where keys and trust roots lie', defaultStateDir(process.env));
  withState(bundles.command('create').argument('<approval...>'))
    .description('sign approval files as one set, and write it to stdout')
    .requiredOption('--serial <number>', 'higher than that of the last bundle', Number)
    .option('--key <name>', 'key that signs: a name, or ssh:COMMENT of the OpenSSH agent')
    .action((files, options) =>
      run({}, async (output) => (await import('./commands/bundle.ts')).bundleCreate(files, options, output)),
    );
  const forFleet = (command: Command) =>
    withState(command.argument('<file>'))
      .requiredOption('--serial <number>', 'higher than that of the last bundle', Number)
      .option('--group <name>', 'only hosts of this group take it')
      .option('--before <time>', 'no host takes it after that (RFC 3339)')
      .option('--key <name>', 'key that signs: a name, or ssh:COMMENT of the OpenSSH agent');
  forFleet(bundles.command('policy'))
    .description('sign a policy for all servers of a fleet, and write it to stdout')
    .action((file, options) =>
      run({}, async (output) => (await import('./commands/bundle.ts')).bundlePolicy(file, options, output)),
    );
  forFleet(bundles.command('config'))
    .description('sign settings for the agents of a fleet, and write them to stdout')
    .action((file, options) =>
      run({}, async (output) => (await import('./commands/bundle.ts')).bundleConfig(file, options, output)),
    );
  withState(bundles.command('install').argument('<file>'))
    .description('let the approvals or the policy of a bundle count here')
    .addOption(new Option('--profile <profile>', 'how strictly trust roots are judged').choices(PROFILES))
    .action((file, options) =>
      run({}, async (output) => (await import('./commands/bundle.ts')).bundleInstall(file, options, output)),
    );
}

function addPolicies(program: Command, run: Run): void {
  const policies = program.command('policy').description('what an approved server may do while it runs');
  withJson(policies.command('check').argument('<file>'))
    .description('whether an approval would take a policy')
    .action((file, options) =>
      run(options, async (output) => (await import('./commands/policy.ts')).policyCheck(file, output)),
    );
  policies
    .command('schema')
    .description('print what Cedar policies may speak of')
    .action(() => run({}, async (output) => (await import('./commands/policy.ts')).policySchema(output)));
  withJson(policies.command('tools').argument('<file>', 'an answer to tools/list; - is stdin'))
    .description('digests of tools, as a policy names them')
    .action((file, options) =>
      run(options, async (output) => (await import('./commands/policy.ts')).policyTools(file, output)),
    );
  withJson(policies.command('try').argument('<file>'))
    .description('what a policy says of requests')
    .requiredOption('--requests <file>', 'requests as JSON lines; - is stdin')
    .action((file, options) =>
      run(options, async (output) =>
        (await import('./commands/policy.ts')).policyTry(file, options.requests, output),
      ),
    );
}

function addPrograms(program: Command, install: Installation, run: Run): void {
  const stateDir = [
    '--state-dir <dir>',
    'state directory of the agent',
    defaultStateDir(process.env),
  ] as const;
  withSelection(program.command('up'))
    .description('run central and agent on this host')
    .addOption(
      new Option('--profile <profile>', 'what to do about what is not approved')
        .choices(PROFILES)
        .default('developer'),
    )
    .option('--listen <addr>', 'ADDRESS:PORT of central', '127.0.0.1:7300')
    .option('--feed <file>', 'OCSF JSON-lines file')
    .option('--rules <path>', 'rule files or directories beside ours; may be repeated', collect)
    .action((options) =>
      run(options, async (output) => (await import('./commands/up.ts')).up(options, install, output)),
    );
  const agent = program.command('agent').description('the daemon');
  agent
    .command('run')
    .description('run the agent by its config file')
    .requiredOption('--config <file>')
    .action((options) =>
      run({}, async (output) =>
        (await import('./commands/agent.ts')).agentRun(options.config, install, output),
      ),
    );
  for (const parent of [program, agent]) {
    withJson(parent.command('status').option(...stateDir))
      .description('what the running agent says of itself')
      .action((options) =>
        run(options, async (output) =>
          (await import('./commands/agent.ts')).status(options.stateDir, output),
        ),
      );
    withJson(parent.command('doctor').option(...stateDir))
      .option('--config <file>', 'config of the agent', '/etc/sealwatch/agent.yml')
      .description('what works here, and what to do about the rest; 1 where something is wrong')
      .action((options) =>
        run(options, async (output) =>
          (await import('./commands/doctor.ts')).doctor(options, install, output),
        ),
      );
  }
  const local = program.command('alerts').description('alerts of this host');
  for (const [verb, follow] of [
    ['list', false],
    ['tail', true],
  ] as const) {
    withJson(local.command(verb).option(...stateDir))
      .description(follow ? 'show alerts as they come' : 'show the alerts that the agent still holds')
      .action((options) =>
        run(options, async (output) =>
          (await import('./commands/alerts.ts')).alerts(options.stateDir, follow, output),
        ),
      );
  }
  addCentral(program, install, run);
}
