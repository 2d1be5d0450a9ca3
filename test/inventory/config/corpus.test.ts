import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfigFile } from '../../../inventory/index.ts';

const CORPUS = join(import.meta.dirname, '../../../../shared/corpus/mcp-configs');

/** Folders whose expected.json is held to be wrong, with the reason; none so far. */
const CONTESTED: Readonly<Record<string, string>> = {};

interface ExpectedServer {
  readonly [key: string]: unknown;
  readonly name: string;
}

if (!existsSync(CORPUS)) {
  test('the corpus of real configs is read as expected', { skip: `NO CORPUS at ${CORPUS}` }, () => {});
} else {
  for (const folder of readdirSync(CORPUS).sort((a, b) => Number(a) - Number(b))) {
    const directory = join(CORPUS, folder);
    const expected = JSON.parse(readFileSync(join(directory, 'expected.json'), 'utf8'));
    const skip = CONTESTED[folder] ?? false;
    test(`corpus ${folder} (${expected.client}) is read as expected`, { skip }, () => {
      const file = readdirSync(directory).find((name) => name.startsWith('config.'));
      assert.ok(file);
      const parsed = parseConfigFile(expected.client, join(directory, file));
      assert.equal(parsed.valid, expected.valid);
      const wanted = expected.servers.map((server: ExpectedServer) => ({
        name: server.name,
        transport: server['transport'],
        command: server['command'],
        args: server['args'],
        env_keys: server['env_keys'],
        url: server['url'],
        cwd: server['cwd'],
        disabled: server['disabled'],
        auto_approve: server['autoApprove'],
        env_file: server['envFile'],
        header_keys: server['header_keys'],
        project: null,
        guarded: false,
      }));
      assert.deepEqual(parsed.servers, wanted);
      assert.equal(parsed.problems.length, expected.valid ? 0 : 1, JSON.stringify(parsed.problems));
      const [problem] = parsed.problems;
      if (problem !== undefined) assert.ok(problem.line !== null && problem.column !== null);
    });
  }
}
