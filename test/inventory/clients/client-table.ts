import type { Client, ConfigLocation, LocationBase, Place } from '../../../inventory/clients/client.ts';

const BASES: Readonly<Record<LocationBase, string>> = {
  home: '~/',
  config: '<config>/',
  data: '<data>/',
  appdata: '<appdata>/',
  localappdata: '<localappdata>/',
  programdata: '<programdata>/',
  project: '',
  system: '/',
};
const PLATFORM_NAMES = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' } as const;
/** Files that an extension keeps in every editor it may be installed in, and on remote hosts. */
const EXTENSION_FILE = /^.*\/User\/globalStorage\/(.*)$/;
/** An editor's own file lies on the host and on remote hosts, an extension's in more places. */
const FEW = 2;

/** The catalogue as a Markdown table: where each client's servers are read from. */
export function clientTable(clients: readonly Client[]): string {
  const rows = clients
    .filter(({ locations }) => locations.length > 0)
    .map((client) => {
      const own = client.locations;
      const shared = (client.sharedLocations ?? []).filter(({ base }) => base === 'project');
      const formats = new Set(own.filter(hasServers).map(({ format }) => format));
      return [
        client.title,
        `\`${client.id}\``,
        cell(own.filter(({ scope }) => scope === 'user')),
        cell(
          own.filter(({ scope }) => scope === 'project'),
          shared,
        ),
        cell(own.filter(({ scope }) => scope === 'managed')),
        [...formats].sort().join(', ') || '–',
        controlKinds(client),
      ];
    })
    .sort(([a = ''], [b = '']) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const head = ['client', 'id', 'user', 'project', 'managed', 'format', 'beside servers'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Which variables move which client's files. */
export function variableTable(clients: readonly Client[]): string {
  const users = new Map<string, Set<string>>();
  for (const client of clients) {
    const places: readonly Place[] = [
      ...client.locations,
      ...(client.sharedLocations ?? []),
      ...(client.controlFiles ?? []),
      ...(client.projectRecords ?? []),
    ];
    for (const { variable } of places.flatMap(({ movedBy = [] }) => movedBy)) {
      users.set(variable, (users.get(variable) ?? new Set()).add(client.title));
    }
  }
  const rows = [...users].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    '| variable | moves files of |',
    '| --- | --- |',
    ...rows.map(([variable, titles]) => `| \`${variable}\` | ${[...titles].sort().join(', ')} |`),
  ].join('\n');
}

function hasServers({ containers }: ConfigLocation): boolean {
  return containers.length > 0;
}

function cell(own: readonly ConfigLocation[], shared: readonly ConfigLocation[] = []): string {
  const extensionFiles = own.flatMap(({ path }) => EXTENSION_FILE.exec(path)?.[1] ?? []);
  const isEverywhere = (file: string) => extensionFiles.filter((other) => other === file).length > FEW;
  const paths = [
    ...own.filter(hasServers).map((location) => {
      const file = EXTENSION_FILE.exec(location.path)?.[1];
      return file !== undefined && isEverywhere(file)
        ? `\`<editor>/User/globalStorage/${file}\``
        : placeText(location);
    }),
    ...shared.filter(hasServers).map((location) => `${placeText(location)} (shared)`),
  ];
  return [...new Set(paths)].join('<br>') || '–';
}

function placeText(location: ConfigLocation): string {
  const { base, path, platforms, ancestors } = location;
  const only =
    platforms === undefined ? '' : ` (${platforms.map((name) => PLATFORM_NAMES[name]).join(', ')})`;
  return `\`${BASES[base]}${path}\`${only}${ancestors === true ? ' and above' : ''}`;
}

function controlKinds(client: Client): string {
  const ofSettings = client.locations.flatMap(({ controls = [] }) => controls.map(({ kind }) => kind));
  const ofFiles = (client.controlFiles ?? []).map(({ kind }) => kind);
  return [...new Set([...ofSettings, ...ofFiles])].sort().join(', ') || '–';
}
