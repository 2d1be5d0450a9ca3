/** Files that pages speak of, by the name under which a page asks for them. `STATE` is what `--state-dir` says. */
export const HOST_FILES = {
  agentConfig: { path: '/etc/sealwatch/agent.yml', is: 'The agent’s config, see `sealwatch-agent.yml(5)`.' },
  centralConfig: {
    path: '/etc/sealwatch/central.yml',
    is: 'Central’s config, see `sealwatch-central.yml(5)`.',
  },
  token: {
    path: '/etc/sealwatch/enrolment-token',
    is: 'The token with which this host enrols; it may arrive after the package. Mode 0600.',
  },
  trust: {
    path: '/etc/sealwatch/trust',
    is: 'Public keys whose signatures count on this host. Where the directory exists, it alone counts.',
  },
  state: {
    path: '/var/lib/sealwatch',
    is: 'State of the host’s agent and of root: keys, approvals, trust roots, the spool of alerts.',
  },
  userState: {
    path: '~/.local/state/sealwatch',
    is: 'The same of a user who is not root. `XDG_STATE_HOME` moves it.',
  },
  centralState: {
    path: '/var/lib/sealwatch-central',
    is: 'Central’s certificate authority and, unless its config says otherwise, its database. Mode 0700.',
  },
  keys: { path: 'STATE/keys/NAME.pem', is: 'Private keys (Ed25519, PKCS #8), readable by their owner only.' },
  approvals: { path: 'STATE/approvals/*.dsse.json', is: 'Approvals and revocations of this host.' },
  bundle: { path: 'STATE/bundle/', is: 'Approvals and policy that came as signed bundles.' },
  projectApprovals: {
    path: 'PROJECT/.sealwatch/approvals/*.dsse.json',
    is: 'Approvals that lie beside a project, made with `approve --project`, to be committed.',
  },
  rules: { path: '/usr/lib/sealwatch/rules/mcp', is: 'The Sigma rules that come with Sealwatch.' },
  control: { path: 'STATE/agent.sock', is: 'Socket over which a running agent is asked.' },
  completions: {
    path: '/usr/share/bash-completion/completions/sealwatch',
    is: 'The script for bash, where a package put it; those of zsh and fish are in `vendor-completions` and `vendor_completions.d`.',
  },
} as const satisfies Readonly<Record<string, { readonly path: string; readonly is: string }>>;
export type HostFile = keyof typeof HOST_FILES;
