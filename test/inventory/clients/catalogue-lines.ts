import type {
  Client,
  ConfigLocation,
  Container,
  ControlFile,
  Place,
  Platform,
  ProjectDatabase,
  ProjectRecord,
} from '../../../inventory/clients/client.ts';

/** One line for each place that a client has on a platform, sorted. */
export function placeLines(clients: readonly Client[], platform: Platform): readonly string[] {
  const lines = clients.flatMap((client) => {
    const ofThis = <T extends Place>(places: readonly T[] | undefined) =>
      (places ?? []).filter(({ platforms }) => platforms === undefined || platforms.includes(platform));
    return [
      ...ofThis(client.locations).map((location) => configLine(client, location)),
      ...ofThis(client.sharedLocations).map((location) => `${configLine(client, location)} shared`),
      ...ofThis(client.controlFiles).map((file) => controlFileLine(client, file)),
      ...ofThis(client.projectRecords).map((record) => recordLine(client, record)),
      ...ofThis(client.signs).map((sign) => [client.id, 'sign', ...placeWords(sign)].join(' ')),
    ];
  });
  return [...new Set(lines)].sort();
}

/** One line for each setting that a client's files are searched for, sorted. */
export function settingLines(clients: readonly Client[]): readonly string[] {
  const lines = clients.flatMap((client) =>
    [...client.locations, ...(client.sharedLocations ?? [])].flatMap(({ controls = [] }) =>
      controls.map(({ kind, path }) => `${client.id} ${kind} ${path.join('/') || '(all)'}`),
    ),
  );
  return [...new Set(lines)].sort();
}

function configLine(client: Client, location: ConfigLocation): string {
  const { scope, format, containers, controls = [], embedded, ancestors } = location;
  const kinds = [...new Set(controls.map(({ kind }) => kind))].join(',');
  return [
    client.id,
    scope,
    ...placeWords(location),
    embedded === undefined ? format : `${format}(${embedded.key.join('/')}:${embedded.format})`,
    containers.map(containerWord).join(',') || '-',
    kinds || '-',
    ...(ancestors === true ? ['ancestors'] : []),
  ].join(' ');
}

function controlFileLine(client: Client, file: ControlFile): string {
  return [client.id, file.scope, ...placeWords(file), 'file', '-', file.kind].join(' ');
}

function recordLine(client: Client, record: ProjectRecord | ProjectDatabase): string {
  const what = record.format === 'sqlite' ? record.query : record.key.join('/');
  return [client.id, 'record', ...placeWords(record), record.format, what, record.names].join(' ');
}

function placeWords({ base, path, movedBy = [], watched }: Place): readonly string[] {
  const moves = movedBy.map((move) => `$${move.variable}/${move.path}`);
  const paths = [path, ...moves].map((text) => JSON.stringify(text)).join('|');
  return [base, ...(watched === false ? [`${paths} unwatched`] : [paths])];
}

function containerWord({ path, kind }: Container): string {
  const keys = path.join('/') || '(all)';
  return kind === undefined ? keys : `${keys}:${kind}`;
}
