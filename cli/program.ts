import { Command, Option } from 'commander';
import { PROFILES, SEVERITIES } from '../wire/index.ts';
import { addCentral } from './central-program.ts';
import {
  type Action,
  collect,
  keyOption,
  profileOption,
  type Run,
  stateDirOption,
  withJson,
} from './command-options.ts';
import { addCompletion } from './completion-program.ts';
import type { ExitCode } from './exit-code.ts';
import { addGuard } from './guard-program.ts';
import { addIdentity } from './identity-program.ts';
import type { Installation } from './installation.ts';
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
  addCompletion(program, install, run);
  return program;
}

/** Options that say what to look at and where approvals lie. */
function withSelection(command: Command): Command {
  return withJson(command)
    .option(
      '--home <dir>',
      'home directory to look at instead of those of all users; may be repeated',
      collect,
    )
    .option('--root <dir>', 'directory to search for configs of projects; may be repeated', collect)
    .addOption(stateDirOption('where approvals, keys and the spool lie'));
}

function addScan(program: Command, install: Installation, run: Run): void {
  withSelection(program.command('scan'))
    .description('list every MCP server that this host can start, and what is wrong')
    .option('--sarif', 'answer in SARIF 2.1.0 on stdout, for code scanning')
    .option('--html <file>', 'write a report page; - is stdout')
    .option('--all', 'show informational findings, too')
    .addOption(
      new Option('--fail-on <level>', 'end in 1 where a finding has this level or a higher one')
        .choices([...SEVERITIES, 'none'])
        .default('low'),
    )
    .addOption(profileOption('how strictly to judge what is found'))
    .action((options) =>
      run(options, async (output) => (await import('./commands/scan.ts')).scan(options, install, output)),
    );
}

function addInventory(program: Command, install: Installation, run: Run): void {
  addScan(program, install, run);
  const inventory = program.command('inventory').description('look at one config file of a client');
  withJson(inventory.command('parse'))
    .description('show what a client would read in a file')
    .requiredOption('--client <client>', 'whose format it is, e.g. claude-code')
    .argument('<file>', 'the config file')
    .action((file, options) =>
      run(options, async (output) =>
        (await import('./commands/inventory-parse.ts')).inventoryParse(options.client, file, output),
      ),
    );
}

function addApproval(program: Command, run: Run): void {
  const decision = (command: Command, argument = '<server>') =>
    withSelection(command.argument(argument, 'its id, or client/name where that is unique'))
      .option('--yes', 'ask no question before it is signed', false)
      .addOption(keyOption())
      .option('--owner <name>', 'who answers for the server; the user that it runs as unless told')
      .option('--reason <text>', 'why, for whoever reads it later');
  const profile = () =>
    new Option('--profile <profile>', 'what it is approved for; that of the agent unless told').choices(
      PROFILES,
    );
  decision(program.command('approve'), '[server]')
    .description('seal what a server is made of and sign that it may run')
    .option('--expires <days>', 'days until the approval ends; it does not end unless told', Number)
    .addOption(profile())
    .option('--accept <finding>', 'a finding that production would not take; may be repeated', collect)
    .option('--group <name>', 'only hosts of this group take it; may be repeated', collect)
    .option('--policy <file>', 'what it may do while it runs (docs/policy.md)')
    .option('--no-policy', 'give up the policy of the last approval')
    .option(
      '--tools <from>',
      'the tools that it may offer: those `seen` by the guard, or a file with an answer to tools/list',
    )
    .option('--any-user', 'let it hold for every user of the host, not only for the one whose server it is')
    .option('--project', 'keep it in the project, in .sealwatch/approvals, to be committed')
    .option('--all', 'approve every server that --from-scan shows')
    .option('--from-scan <file>', 'file with an answer of `scan --json`: what changed since is not approved')
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
  withSelection(program.command('show').argument('<server>', 'its id, or client/name where that is unique'))
    .description('one server: its state and why, every file that decides what it does, its findings')
    .action((server, options) =>
      run(options, async (output) => (await import('./commands/inspect.ts')).show(server, options, output)),
    );
  withSelection(program.command('diff').argument('<server>', 'its id, or client/name where that is unique'))
    .description('what changed in a server since it was approved')
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
    withSelection(program.command(verb).argument('[server...]', 'ids, or client/name where that is unique'))
      .description(description)
      .option('--all', 'take every server that is found')
      .option('--client <client>', 'servers of this client alone')
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
  const withState = (command: Command) => withJson(command).addOption(stateDirOption('where keys lie'));
  withState(keys.command('create'))
    .description('make an Ed25519 key')
    .option('--name <name>', 'name of the new key; approver unless told')
    .option('--no-trust', 'do not let its signatures count on this host')
    .action((options) =>
      run(options, async (output) => (await import('./commands/key.ts')).keyCreate(options, output)),
    );
  withState(keys.command('export'))
    .description('write the public half of a key')
    .option('--name <key>', 'name of the key; approver unless told')
    .option('--ssh', 'write it as one line of OpenSSH')
    .action((options) =>
      run(options, async (output) => (await import('./commands/key.ts')).keyExport(options, output)),
    );
  withState(keys.command('list'))
    .description('own keys, those of the OpenSSH agent, and trust roots')
    .action((options) =>
      run(options, async (output) => (await import('./commands/key.ts')).keyList(options, output)),
    );
  withState(keys.command('trust').argument('<file>', 'a public key, as `key export` writes it'))
    .description('let the signatures of a public key count here')
    .action((file, options) =>
      run(options, async (output) => (await import('./commands/key.ts')).keyTrust(file, options, output)),
    );
}

function addBundles(program: Command, run: Run): void {
  const bundles = program.command('bundle').description('what is signed for other hosts');
  const withState = (command: Command) => command.addOption(stateDirOption('where keys and trust roots lie'));
  withState(bundles.command('create').argument('<approval...>', 'approval files (.dsse.json)'))
    .description('sign approval files as one set, and write it to stdout')
    .requiredOption('--serial <number>', 'higher than that of the last bundle', Number)
    .addOption(keyOption())
    .action((files, options) =>
      run({}, async (output) => (await import('./commands/bundle.ts')).bundleCreate(files, options, output)),
    );
  const forFleet = (command: Command) =>
    withState(command.argument('<file>', 'what is to be signed'))
      .requiredOption('--serial <number>', 'higher than that of the last bundle', Number)
      .option('--group <name>', 'only hosts of this group take it')
      .option('--before <time>', 'no host takes it after that (RFC 3339)')
      .addOption(keyOption());
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
  withState(bundles.command('install').argument('<file>', 'a signed bundle'))
    .description('let the approvals or the policy of a bundle count here')
    .addOption(profileOption('how strictly trust roots are judged'))
    .action((file, options) =>
      run({}, async (output) => (await import('./commands/bundle.ts')).bundleInstall(file, options, output)),
    );
}

function addPolicies(program: Command, run: Run): void {
  const policies = program.command('policy').description('what an approved server may do while it runs');
  withJson(policies.command('check').argument('<file>', 'a policy'))
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
  withJson(policies.command('try').argument('<file>', 'a policy'))
    .description('what a policy says of requests')
    .requiredOption('--requests <file>', 'requests as JSON lines; - is stdin')
    .action((file, options) =>
      run(options, async (output) =>
        (await import('./commands/policy.ts')).policyTry(file, options.requests, output),
      ),
    );
}

function addPrograms(program: Command, install: Installation, run: Run): void {
  const stateDir = () => stateDirOption('state directory of the agent');
  withSelection(program.command('up'))
    .description('run central and agent on this host')
    .addOption(profileOption('what to do about what is not approved'))
    .option('--listen <addr>', 'ADDRESS:PORT of the API of central', '127.0.0.1:7300')
    .option(
      '--feed <file>',
      'file that alerts are appended to, as OCSF findings, one a line; feed/ocsf.jsonl of the state directory unless told',
    )
    .option(
      '--rules <path>',
      'rule file or directory, beside the rules that come with Sealwatch; may be repeated',
      collect,
    )
    .action((options) =>
      run(options, async (output) => (await import('./commands/up.ts')).up(options, install, output)),
    );
  const agent = program.command('agent').description('the daemon that watches this host');
  agent
    .command('run')
    .description('run the agent by its config file')
    .requiredOption('--config <file>', "the agent's config file (docs/agent-config.md)")
    .action((options) =>
      run({}, async (output) =>
        (await import('./commands/agent.ts')).agentRun(options.config, install, output),
      ),
    );
  for (const parent of [program, agent]) {
    withJson(parent.command('status').addOption(stateDir()))
      .description('what the running agent says of itself')
      .action((options) =>
        run(options, async (output) =>
          (await import('./commands/agent.ts')).status(options.stateDir, output),
        ),
      );
    withJson(parent.command('doctor').addOption(stateDir()))
      .option('--config <file>', 'config of the agent', '/etc/sealwatch/agent.yml')
      .description('what works here, and what to do about the rest; 1 where something is wrong')
      .action((options) =>
        run(options, async (output) =>
          (await import('./commands/doctor.ts')).doctor(options, install, output),
        ),
      );
  }
  const local = program.command('alerts').description('alerts of this host, as its agent raised them');
  for (const [verb, follow] of [
    ['list', false],
    ['tail', true],
  ] as const) {
    withJson(local.command(verb).addOption(stateDir()))
      .description(follow ? 'show alerts as they come' : 'show the alerts that the agent still holds')
      .action((options) =>
        run(options, async (output) =>
          (await import('./commands/alerts.ts')).alerts(options.stateDir, follow, output),
        ),
      );
  }
  addCentral(program, install, run);
}
