// What there is to package, in one table: each builder reads its part of it.

/** The packages, by the name that the command line gives them. */
export const PRODUCTS = {
  agent: {
    name: 'sealwatch-agent',
    summary: 'watches the MCP servers of this host and reports what no longer matches its approval',
    root: 'usr/lib/sealwatch',
    /** Its command in /usr/bin: a link into the root. */
    command: 'sealwatch',
    words: [],
    /** Programs in C that it carries, by the folder of `dist` that holds them. */
    programs: ['sensor', 'guard', 'notice'],
    config: 'agent.yml',
    state: '/var/lib/sealwatch',
    /** Where scripts say why they stop the agent, which tells central. */
    why: '/run/sealwatch/stopping',
    /** Units that the first installation enables and starts. */
    starts: ['sealwatch-sensor.socket', 'sealwatch-enrolment.path', 'sealwatch-agent.service'],
    /** Units that an upgrade restarts where they run; what listens for others keeps listening. */
    restarts: ['sealwatch-sensor.service', 'sealwatch-agent.service'],
    missing:
      'set central.url in /etc/sealwatch/agent.yml and put an enrolment token into /etc/sealwatch/enrolment-token (root, mode 0600)',
    isMissing:
      "grep -q 'central.invalid' /etc/sealwatch/agent.yml || [ ! -e /etc/sealwatch/enrolment-token ]",
  },
  central: {
    name: 'sealwatch-central',
    summary: 'collects the alerts of Sealwatch agents and carries them on to a SIEM',
    root: 'usr/lib/sealwatch-central',
    command: 'sealwatch-central',
    words: ['central'],
    programs: ['notice'],
    config: 'central.yml',
    state: '/var/lib/sealwatch-central',
    starts: ['sealwatch-central.service'],
    restarts: ['sealwatch-central.service'],
    missing:
      'check names and feeds in /etc/sealwatch/central.yml, then make tokens for hosts with: sealwatch-central token create --config /etc/sealwatch/central.yml --out FILE',
    isMissing: 'true',
  },
};

/** Which package the files of `systemd/` belong to. */
export const SYSTEM_FILES = {
  'sealwatch-sensor.socket': 'agent',
  'sealwatch-sensor.service': 'agent',
  'sealwatch-agent.service': 'agent',
  'sealwatch-enrolment.path': 'agent',
  'sealwatch-enrolment.service': 'agent',
  'sealwatch-agent.sysusers.conf': 'agent',
  'sealwatch-agent.tmpfiles.conf': 'agent',
  'sealwatch-central.service': 'central',
  'sealwatch-central.sysusers.conf': 'central',
  'sealwatch-central.tmpfiles.conf': 'central',
};

/** The package that a command's manual page or completion belongs to, by the name of its file. */
export function productOfDocument(name) {
  return /^_?sealwatch-central/.test(name) ? 'central' : 'agent';
}

/** How the formats call an architecture that npm calls `x64` or `arm64`. */
export const ARCHITECTURES = {
  x64: { deb: 'amd64', rpm: 'x86_64' },
  arm64: { deb: 'arm64', rpm: 'aarch64' },
};

/** Formats that people choose among. */
export const FORMATS = ['deb', 'rpm', 'tar', 'macos'];
