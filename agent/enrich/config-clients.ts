import type { Fact } from '../fact.ts';

/** What is known to read a config file: an entry of it, or a setting. */
export interface ConfigReader {
  readonly client: string;
  readonly path: string;
}

/**
 * Names in every fact about a config file the client that stands for the file: several clients read some files,
 * and one write to such a file is no write to the configurations of several.
 */
export function withConfigClient(facts: readonly Fact[], readers: Iterable<ConfigReader>): readonly Fact[] {
  const stands = new Map<string, string>();
  const note = ({ path, client }: ConfigReader) => {
    const other = stands.get(path);
    if (other === undefined || client < other) stands.set(path, client);
  };
  for (const reader of readers) note(reader);
  // What was removed is read by nobody any more, but was.
  for (const fact of facts) {
    const [client, path] = [fact.fields['mcp.client'], fact.fields['TargetFilename']];
    if (isConfig(fact) && typeof client === 'string' && typeof path === 'string') note({ client, path });
  }
  return facts.map((fact) => {
    const path = fact.fields['TargetFilename'];
    const client = isConfig(fact) && typeof path === 'string' ? stands.get(path) : undefined;
    return client === undefined ? fact : { ...fact, fields: { ...fact.fields, 'mcp.config_client': client } };
  });
}

function isConfig({ logsource }: Fact): boolean {
  return logsource.category === 'config';
}
