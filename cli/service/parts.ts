/** What can be installed as a service. */
export const SERVICE_PARTS = ['agent', 'central'] as const;
export type ServicePart = (typeof SERVICE_PARTS)[number];

/** Units of systemd by part, as they lie in `systemd/` of an installation; the first is the one that must be active. */
export const UNITS = {
  agent: [
    'sealwatch-agent.service',
    'sealwatch-sensor.socket',
    'sealwatch-sensor.service',
    'sealwatch-enrolment.path',
    'sealwatch-enrolment.service',
  ],
  central: ['sealwatch-central.service'],
} as const satisfies Readonly<Record<ServicePart, readonly string[]>>;

/** Directories where units of packages lie (systemd.unit(5)). */
export const PACKAGE_UNIT_DIRECTORIES = ['/usr/lib/systemd/system', '/lib/systemd/system'] as const;
export const ADMIN_UNIT_DIRECTORY = '/etc/systemd/system';

/** Labels of launchd by part. */
export const LABELS = {
  agent: 'dev.sealwatch.agent',
  central: 'dev.sealwatch.central',
} as const satisfies Readonly<Record<ServicePart, string>>;

interface Places {
  readonly config: string;
  /** Where the enrolment token lies; null where none is needed. */
  readonly token: string | null;
  readonly state: string;
  readonly logs: string;
}

/** Where the agent's unit hands the token over (systemd.exec(5), LoadCredential): its user may not read the file itself. */
export const CREDENTIALS_DIRECTORY = '/run/credentials';
export const TOKEN_CREDENTIAL = `${CREDENTIALS_DIRECTORY}/sealwatch-agent.service/enrolment-token`;

/** Where configuration and state of a part lie. */
export const PLACES = {
  agent: {
    config: '/etc/sealwatch/agent.yml',
    token: '/etc/sealwatch/enrolment-token',
    state: '/var/lib/sealwatch',
    logs: '/var/log/sealwatch',
  },
  central: {
    config: '/etc/sealwatch/central.yml',
    token: null,
    state: '/var/lib/sealwatch-central',
    logs: '/var/log/sealwatch-central',
  },
} as const satisfies Readonly<Record<ServicePart, Places>>;
