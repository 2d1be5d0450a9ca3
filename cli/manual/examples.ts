/** One thing that a person does with a command, and what they type. */
export interface Example {
  readonly does: string;
  readonly lines: readonly string[];
}

/** Examples of each command, by the words that lead to it. Each command that does something has one. */
export const EXAMPLES = {
  scan: [
    { does: 'See every server of this host, and what is wrong:', lines: ['sealwatch scan'] },
    {
      does: 'Let a build fail where a project brings a server with serious findings:',
      lines: ['sealwatch scan --root . --fail-on high'],
    },
    { does: 'Write a page to read and print:', lines: ['sealwatch scan --html report.html'] },
  ],
  'inventory parse': [
    {
      does: 'See what a client would read in a config file:',
      lines: ['sealwatch inventory parse --client claude-code .mcp.json'],
    },
  ],
  approve: [
    {
      does: 'Approve one server, after a look at what is sealed:',
      lines: ['sealwatch approve cursor/files'],
    },
    {
      does: 'Approve exactly what a scan showed:',
      lines: [
        'sealwatch scan --json > servers.json',
        'sealwatch approve --all --from-scan servers.json --reason reviewed',
      ],
    },
    {
      does: 'Commit an approval beside its project, with a policy:',
      lines: ['sealwatch approve claude-code/db --project --policy db.yml'],
    },
  ],
  revoke: [
    { does: 'Take an approval back:', lines: ['sealwatch revoke cursor/files --reason "left the team"'] },
  ],
  cosign: [
    {
      does: 'Add the second signature that the profile asks for, with a key of the OpenSSH agent:',
      lines: ['sealwatch cosign cursor/files --key ssh:ann@example.com'],
    },
  ],
  show: [{ does: 'See why a server is in its state:', lines: ['sealwatch show cursor/files'] }],
  diff: [{ does: 'See what changed since it was approved:', lines: ['sealwatch diff cursor/files'] }],
  verify: [
    {
      does: 'In CI, let only servers pass whose approvals are committed:',
      lines: ['sealwatch verify --root . --trust approver.pem'],
    },
  ],
  wrap: [
    {
      does: 'See what would change in the configs, then put the guard in front of every server:',
      lines: ['sealwatch wrap --all --dry-run', 'sealwatch wrap --all'],
    },
  ],
  unwrap: [{ does: 'Take the guard away from one server:', lines: ['sealwatch unwrap cursor/files'] }],
  guard: [
    {
      does: 'Start a server by hand, as a client would:',
      lines: ['sealwatch guard -- npx -y @modelcontextprotocol/server-filesystem ~/work'],
    },
  ],
  answer: [
    {
      does: 'See what guards ask, then let one call go on:',
      lines: ['sealwatch answer', 'sealwatch answer 4f1d --allow'],
    },
  ],
  'key create': [{ does: 'Make a key:', lines: ['sealwatch key create --name ann'] }],
  'key export': [
    {
      does: 'Write its public half, for the trust roots of other hosts:',
      lines: ['sealwatch key export --name ann > ann.pem'],
    },
  ],
  'key list': [{ does: 'See which keys there are and which count:', lines: ['sealwatch key list'] }],
  'key trust': [
    { does: 'Let the signatures of a colleague count here:', lines: ['sealwatch key trust ann.pem'] },
  ],
  'bundle create': [
    {
      does: 'Sign approvals for other hosts:',
      lines: ['sealwatch bundle create *.dsse.json --serial 7 > approvals.bundle'],
    },
  ],
  'bundle policy': [
    {
      does: 'Sign a policy for all servers of a group of hosts:',
      lines: ['sealwatch bundle policy fleet.yml --serial 3 --group build > policy.bundle'],
    },
  ],
  'bundle config': [
    {
      does: 'Sign settings for the agents of a fleet:',
      lines: ['sealwatch bundle config settings.yml --serial 2 > config.bundle'],
    },
  ],
  'bundle install': [
    { does: 'Let a bundle count on this host:', lines: ['sealwatch bundle install approvals.bundle'] },
  ],
  'policy check': [
    { does: 'Check a policy before it is approved:', lines: ['sealwatch policy check db.yml'] },
  ],
  'policy schema': [{ does: 'See what Cedar conditions may speak of:', lines: ['sealwatch policy schema'] }],
  'policy tools': [
    {
      does: 'Turn a recorded answer to tools/list into lines of a policy:',
      lines: ['sealwatch policy tools tools.json'],
    },
  ],
  'policy try': [
    {
      does: 'See what a policy says of requests:',
      lines: ['sealwatch policy try db.yml --requests calls.jsonl'],
    },
  ],
  'rules check': [{ does: 'See which rules of a directory load:', lines: ['sealwatch rules check ./rules'] }],
  'rules match': [
    {
      does: 'Run rules over recorded events:',
      lines: ['sealwatch rules match --rules ./rules --events events.jsonl'],
    },
  ],
  'rules test': [
    { does: 'Run the samples beside each rule:', lines: ['sealwatch rules test ./rules --strict'] },
  ],
  'rules explain': [
    {
      does: 'See why a rule does not match the third event of a file:',
      lines: ['sealwatch rules explain mcp_inline_code events.jsonl:3'],
    },
  ],
  'rules coverage': [
    {
      does: 'Write which techniques the rules cover:',
      lines: ['sealwatch rules coverage --markdown > coverage.md'],
    },
  ],
  'rules pack': [
    {
      does: 'Sign a directory of rules:',
      lines: ['sealwatch rules pack ./rules --version 4 > pack.dsse.json'],
    },
  ],
  'rules sign': [
    {
      does: 'Add a signature to a pack:',
      lines: ['sealwatch rules sign pack.dsse.json --key ann > signed.dsse.json'],
    },
  ],
  'rules verify': [
    {
      does: 'See who signed a pack and which of its rules load:',
      lines: ['sealwatch rules verify signed.dsse.json'],
    },
  ],
  'identity keys': [
    { does: 'Write the key set that a backend needs:', lines: ['sealwatch identity keys > keys.json'] },
  ],
  'identity verify': [
    {
      does: 'Check a token as the backend would:',
      lines: ['sealwatch identity verify token.jwt --audience db.example.com --keys keys.json'],
    },
  ],
  up: [{ does: 'Look at all of it on one host:', lines: ['sealwatch up'] }],
  'agent run': [
    {
      does: 'Run the agent in the foreground:',
      lines: ['sealwatch agent run --config /etc/sealwatch/agent.yml'],
    },
  ],
  'service install': [
    {
      does: 'Run the agent from an unpacked tarball, with central and the token of this host:',
      lines: ['sealwatch service install --central wss://central.example:7443 --token-file enrolment-token'],
    },
    { does: 'See first what would be done:', lines: ['sealwatch service install --dry-run'] },
  ],
  'service uninstall': [
    { does: 'Remove it, and keep config, state and keys:', lines: ['sealwatch service uninstall'] },
  ],
  'service status': [{ does: 'See how each unit is:', lines: ['sealwatch service status'] }],
  'agent status': [
    { does: 'Ask the running agent, for a program:', lines: ['sealwatch agent status --json'] },
  ],
  'agent doctor': [
    { does: 'See what works here, and how to mend the rest:', lines: ['sealwatch agent doctor'] },
  ],
  status: [{ does: 'Ask the running agent how it is:', lines: ['sealwatch status'] }],
  doctor: [{ does: 'The same as `agent doctor`:', lines: ['sealwatch doctor'] }],
  'alerts list': [{ does: 'See the alerts that the agent still holds:', lines: ['sealwatch alerts list'] }],
  'alerts tail': [{ does: 'See alerts as they come, as JSON:', lines: ['sealwatch alerts tail --json'] }],
  'central run': [
    {
      does: 'Run central in the foreground:',
      lines: ['sealwatch central run --config /etc/sealwatch/central.yml'],
    },
  ],
  'central doctor': [
    {
      does: 'See whether central has what it needs:',
      lines: ['sealwatch central doctor --config /etc/sealwatch/central.yml'],
    },
  ],
  'central token create': [
    {
      does: 'Make a token with which 200 hosts may enrol within a week:',
      lines: [
        'sealwatch central token create --config /etc/sealwatch/central.yml \\',
        '  --count 200 --expires 7d --out enrolment-token',
      ],
    },
  ],
  'central token list': [
    {
      does: 'See which tokens there are:',
      lines: ['sealwatch central token list --config /etc/sealwatch/central.yml'],
    },
  ],
  'central token revoke': [
    {
      does: 'Let nothing enrol with one any more:',
      lines: ['sealwatch central token revoke 3f9c --config /etc/sealwatch/central.yml'],
    },
  ],
  'central agent list': [
    {
      does: 'See every host with its state:',
      lines: ['sealwatch central agent list --config /etc/sealwatch/central.yml'],
    },
  ],
  'central agent revoke': [
    {
      does: 'Shut a host out:',
      lines: ['sealwatch central agent revoke 8a41 --config /etc/sealwatch/central.yml'],
    },
  ],
  'central api-token create': [
    {
      does: 'Make a token for a dashboard that may only look:',
      lines: [
        'sealwatch central api-token create --config /etc/sealwatch/central.yml \\',
        '  --role viewer --name dashboard --out dashboard.token',
      ],
    },
  ],
  'central api-token list': [
    {
      does: 'See who may use the API:',
      lines: ['sealwatch central api-token list --config /etc/sealwatch/central.yml'],
    },
  ],
  'central api-token revoke': [
    {
      does: 'End such a token:',
      lines: ['sealwatch central api-token revoke 5d20 --config /etc/sealwatch/central.yml'],
    },
  ],
  'central audit verify': [
    {
      does: 'Check that nobody changed the audit log:',
      lines: ['sealwatch central audit verify --config /etc/sealwatch/central.yml'],
    },
  ],
  'central audit export': [
    {
      does: 'Hand it to an auditor:',
      lines: ['sealwatch central audit export --config /etc/sealwatch/central.yml > audit.ndjson'],
    },
  ],
  'central backup': [
    {
      does: 'Copy the database while central runs:',
      lines: ['sealwatch central backup /backup/central.db --config /etc/sealwatch/central.yml'],
    },
  ],
  'central restore': [
    {
      does: 'Put a copy back while central does not run:',
      lines: ['sealwatch central restore /backup/central.db --config /etc/sealwatch/central.yml'],
    },
  ],
  'central bundle add': [
    {
      does: 'Hand a signed bundle to central:',
      lines: ['sealwatch central bundle add policy.bundle --token-file admin.token'],
    },
  ],
  'central rollout start': [
    {
      does: 'Bring it to hosts, to a tenth of them first:',
      lines: ['sealwatch central rollout start policy 3 --canary 10 --token-file admin.token'],
    },
  ],
  'central rollout stop': [
    {
      does: 'Stop that:',
      lines: ['sealwatch central rollout stop 12 --reason "breaks builds" --token-file admin.token'],
    },
  ],
  'central rollout status': [
    { does: 'See how far it got:', lines: ['sealwatch central rollout status --token-file admin.token'] },
  ],
  'central approve': [
    {
      does: 'See what hosts ask to run, then sign one for the fleet:',
      lines: [
        'sealwatch central approve --token-file approver.token',
        'sealwatch central approve 41 --owner ann --token-file approver.token',
      ],
    },
  ],
  completion: [
    {
      does: 'Complete in this shell, without a package:',
      lines: ['source <(sealwatch completion bash)'],
    },
    {
      does: 'The same for good, in zsh and in fish:',
      lines: [
        'sealwatch completion zsh > ~/.zfunc/_sealwatch    # a directory of fpath',
        'sealwatch completion fish > ~/.config/fish/completions/sealwatch.fish',
      ],
    },
  ],
} as const satisfies Readonly<Record<string, readonly Example[]>>;

/** Examples of a command; none for one that only holds others. */
export function examplesOf(path: readonly string[]): readonly Example[] {
  const wanted = path.join(' ');
  return Object.entries<readonly Example[]>(EXAMPLES).find(([command]) => command === wanted)?.[1] ?? [];
}
