import assert from 'node:assert/strict';
import { type DiscoveredServer, HashCache } from '../../../inventory/index.ts';
import type { TempHome } from '../temp-home.ts';

/** The server of a config with this entry alone, beside others where given. */
export async function scanEntry(
  home: TempHome,
  entry: object,
  { others = {}, cache = new HashCache() }: { readonly others?: object; readonly cache?: HashCache } = {},
): Promise<DiscoveredServer> {
  home.write('.cursor/mcp.json', { mcpServers: { s: entry, ...others } });
  const { servers, problems } = await home.scan({ cache });
  assert.deepEqual(problems, []);
  const server = servers.find(({ server: { name } }) => name === 's');
  assert.ok(server);
  return server;
}

/** `role path (reason)` of every artefact that the host itself does not bring. */
export function describeClosure({ server }: DiscoveredServer): readonly string[] {
  return server.closure.artefacts
    .filter(({ path }) => !/^\/(?:usr|bin)\//.test(path) && path !== process.execPath)
    .map(
      ({ role, portable_path, reason }) =>
        `${role} ${portable_path}${reason === undefined ? '' : ` (${reason})`}`,
    )
    .sort();
}
