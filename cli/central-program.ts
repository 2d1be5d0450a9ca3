import { Argument, type Command, Option } from 'commander';
import type { Role } from '../central/index.ts';
import { BUNDLE_KINDS } from '../wire/index.ts';
import { collect, keyOption, type Run, stateDirOption, withJson } from './command-options.ts';
import type { Installation } from './installation.ts';

const CONFIG = ['--config <file>', "central's config file (docs/central-config.md)"] as const;

/** Written out, since central itself is loaded only when one of its commands runs. */
const ROLES = ['viewer', 'analyst', 'approver', 'admin'] as const satisfies readonly Role[];

function withConfig(command: Command): Command {
  return withJson(command).requiredOption(...CONFIG);
}

/** The commands of `sealwatch central`. */
export function addCentral(program: Command, install: Installation, run: Run): void {
  const central = program.command('central').description('the collector that alerts of all hosts go to');
  central
    .command('run')
    .description('run central by its config file')
    .requiredOption(...CONFIG)
    .action((options) =>
      run({}, async (output) =>
        (await import('./commands/central/run.ts')).centralRun(options.config, install, output),
      ),
    );
  addTokens(central, run);
  addAgents(central, run);
  addApiTokens(central, run);
  addAudit(central, run);
  addBackups(central, run);
  addBundles(central, run);
  addApprove(central, run);
  withConfig(central.command('doctor'))
    .description('whether central has what it needs, and what to do where not; 1 where something is degraded')
    .action((options) =>
      run(options, async (output) =>
        (await import('./commands/central/doctor.ts')).centralDoctor(options, output),
      ),
    );
}

function addTokens(central: Command, run: Run): void {
  const token = central.command('token').description('tokens with which hosts enrol');
  withConfig(token.command('create'))
    .description('make a token; it is shown once')
    .option('--count <n>', 'hosts that it enrols', '1')
    .option('--expires <time>', 'how long it is good for: 90m, 12h, 7d', '24h')
    .addOption(new Option('--group <name>', 'group that the hosts then belong to').default('', 'none'))
    .option('--out <file>', 'write it to a new file of mode 0600')
    .action((options) =>
      run(options, async (output) =>
        (await import('./commands/central/tokens.ts')).tokenCreate(options, output),
      ),
    );
  withConfig(token.command('list'))
    .description('all tokens, without their secrets')
    .action((options) =>
      run(options, async (output) =>
        (await import('./commands/central/tokens.ts')).tokenList(options, output),
      ),
    );
  withConfig(token.command('revoke').argument('<id>', 'id of the token'))
    .description('let nothing enrol with a token any more; 1 where there is no such token')
    .action((id, options) =>
      run(options, async (output) =>
        (await import('./commands/central/tokens.ts')).tokenRevoke(id, options, output),
      ),
    );
}

function addAgents(central: Command, run: Run): void {
  const agent = central.command('agent').description('agents that enrolled');
  withConfig(agent.command('list'))
    .description('every agent with its state')
    .action((options) =>
      run(options, async (output) =>
        (await import('./commands/central/agents.ts')).agentList(options, output),
      ),
    );
  withConfig(agent.command('revoke').argument('<id>', 'id of the agent'))
    .description('end the connection of an agent, and shut it out; 1 where there is no such agent')
    .action((id, options) =>
      run(options, async (output) =>
        (await import('./commands/central/agents.ts')).agentRevoke(id, options, output),
      ),
    );
}

function addApiTokens(central: Command, run: Run): void {
  const token = central.command('api-token').description('tokens with which programs use the API');
  withConfig(token.command('create'))
    .description('make a token; it is shown once')
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).makeOptionMandatory())
    .requiredOption('--name <name>', 'who uses it, for the audit log')
    .option('--expires <time>', 'how long it is good for: 12h, 90d', '90d')
    .option('--out <file>', 'write it to a new file of mode 0600')
    .action((options) =>
      run(options, async (output) =>
        (await import('./commands/central/api-tokens.ts')).apiTokenCreate(options, output),
      ),
    );
  withConfig(token.command('list'))
    .description('all API tokens, without their secrets')
    .action((options) =>
      run(options, async (output) =>
        (await import('./commands/central/api-tokens.ts')).apiTokenList(options, output),
      ),
    );
  withConfig(token.command('revoke').argument('<id>', 'id of the token'))
    .description('end an API token at once; 1 where there is no such token')
    .action((id, options) =>
      run(options, async (output) =>
        (await import('./commands/central/api-tokens.ts')).apiTokenRevoke(id, options, output),
      ),
    );
}

function addAudit(central: Command, run: Run): void {
  const audit = central.command('audit').description('what operators did');
  withConfig(audit.command('verify'))
    .description('check the chain of all entries; 1 where it is broken')
    .action((options) =>
      run(options, async (output) =>
        (await import('./commands/central/audit.ts')).auditVerify(options, output),
      ),
    );
  withConfig(audit.command('export'))
    .description('every entry as a line of JSON')
    .action((options) =>
      run(options, async (output) =>
        (await import('./commands/central/audit.ts')).auditExport(options, output),
      ),
    );
}

function addBackups(central: Command, run: Run): void {
  withConfig(central.command('backup').argument('<file>', 'where the copy goes; it must not be there'))
    .description('copy the database while central runs')
    .action((file, options) =>
      run(options, async (output) =>
        (await import('./commands/central/backups.ts')).centralBackup(file, options, output),
      ),
    );
  withConfig(central.command('restore').argument('<file>', 'a backup'))
    .description('put a backup in the place of the database, while central does not run')
    .option('--force', 'replace a database that holds something', false)
    .action((file, options) =>
      run(options, async (output) =>
        (await import('./commands/central/backups.ts')).centralRestore(file, options, output),
      ),
    );
}

/** Commands that go through the API, so that they work from anywhere. */
function withApi(command: Command): Command {
  return withJson(command)
    .option('--url <url>', "central's API", 'http://127.0.0.1:7300')
    .requiredOption('--token-file <file>', 'file that holds an API token');
}

function addBundles(central: Command, run: Run): void {
  withApi(
    central
      .command('bundle')
      .description('signed bundles')
      .command('add')
      .argument('<file>', 'a signed bundle'),
  )
    .description('hand a signed bundle to central; no host is offered it before a rollout')
    .action((file, options) =>
      run(options, async (output) =>
        (await import('./commands/central/bundles.ts')).bundleAdd(file, options, output),
      ),
    );
  const rollout = central.command('rollout').description('how bundles reach hosts');
  withApi(
    rollout
      .command('start')
      .addArgument(new Argument('<kind>', 'what the bundle holds').choices(BUNDLE_KINDS))
      .argument('<version>', 'its version or serial number'),
  )
    .description('offer a bundle to hosts, to canaries first')
    .option('--group <name>', 'only hosts of this group; may be repeated', collect)
    .option('--canary <percent>', 'share of hosts that get it first; 0: all at once', Number, 10)
    .action((kind, version, options) =>
      run(options, async (output) =>
        (await import('./commands/central/bundles.ts')).rolloutStart(kind, version, options, output),
      ),
    );
  withApi(rollout.command('stop').argument('<id>', 'id of the rollout'))
    .description('offer it to nobody any more; hosts that have it keep it')
    .option('--reason <text>', 'why, for the audit log')
    .action((id, options) =>
      run(options, async (output) =>
        (await import('./commands/central/bundles.ts')).rolloutStop(id, options, output),
      ),
    );
  withApi(rollout.command('status'))
    .description('all rollouts, with how many hosts took or refused what they bring')
    .action((options) =>
      run(options, async (output) =>
        (await import('./commands/central/bundles.ts')).rolloutStatus(options, output),
      ),
    );
}

function addApprove(central: Command, run: Run): void {
  withApi(central.command('approve').argument('[ask]', 'id of the queue; without it the queue is shown'))
    .description('sign for the fleet what hosts ask to run')
    .addOption(stateDirOption('where keys lie'))
    .addOption(keyOption())
    .option('--owner <name>', 'who answers for the server; must be told to sign')
    .option('--reason <text>', 'why it may run')
    .option('--expires <days>', 'days until the approval ends; it does not end unless told', Number)
    .option('--group <name>', 'only hosts of this group; may be repeated', collect)
    .option(
      '--accept <finding>',
      'accept a finding although production asks otherwise; may be repeated',
      collect,
    )
    .option('--policy <file>', 'what it may do while it runs')
    .option('--decision <id>', 'go on with what another approver began')
    .option('-y, --yes', 'ask no question before it is signed', false)
    .action((id, options) =>
      run(options, async (output) =>
        (await import('./commands/central/approve.ts')).centralApprove(id, options, output),
      ),
    );
}
