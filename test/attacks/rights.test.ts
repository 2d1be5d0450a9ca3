import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { skip } from '../collectors/process/built-sensor.ts';
import { haveProgram } from '../debian-package.ts';
import { AttackedServer } from './attacked-server.ts';

const RULE = 'mcp_privilege_escalation';
const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'] as const;
/** Prints its effective user id and what it may do; `exec` makes it the process that is told. */
const becomes = (...words: readonly string[]) => [...NOBODY, 'sh', '-c', 'exec "$0" "$@"', ...words];

describe('rights that a server gains', { skip, timeout: 180_000 }, () => {
  let attacked: AttackedServer;
  /** Where everybody may look, unlike a home of these tests. */
  const directory = mkdtempSync(join(tmpdir(), 'sealwatch-rights-'));
  before(async () => {
    chmodSync(directory, 0o755);
    attacked = await AttackedServer.start();
  });
  after(async () => {
    rmSync(directory, { recursive: true });
    await attacked.stop();
  });

  const about = (mark: string) => attacked.told(mark).filter((name) => name === RULE);

  test('a set-user-id program is mcp_privilege_escalation, but not outside of the server', async () => {
    const path = join(directory, 'elevated');
    copyFileSync('/usr/bin/id', path);
    chmodSync(path, 0o4755);
    const outside = await attacked.stranger.does({ words: becomes(path, '-u') });
    const done = await attacked.server.does({ words: becomes(path, '-u') });
    assert.deepEqual([outside.output, done.output], ['0\n', '0\n'], done.errors);
    const alert = await attacked.alert(RULE, ({ actor }) => actor?.pid === done.pid);
    attacked.assertOwn(alert, { pid: done.pid, exe: /\/elevated$/ });
    assert.deepEqual([alert.event['mcp.uid_before'], alert.event['mcp.gained_root']], [65_534, true]);
    assert.deepEqual(
      attacked.daemon.named(RULE).filter(({ actor }) => actor?.pid === outside.pid),
      [],
    );
  });

  test('a program with capabilities of its own is mcp_privilege_escalation', async (at) => {
    if (!haveProgram('setcap', 'libcap2-bin', '-h')) return at.skip('setcap is not installed and cannot be');
    const path = join(directory, 'capable');
    copyFileSync('/bin/cat', path);
    const set = await attacked.stranger.does({ words: ['setcap', 'cap_dac_override+ep', path] });
    assert.equal(set.status, 0, set.errors);
    const done = await attacked.server.does({ words: becomes(path, '/etc/shadow') });
    assert.match(done.output, /^root:/);
    const alert = await attacked.alert(RULE, ({ actor }) => actor?.pid === done.pid);
    attacked.assertOwn(alert, { pid: done.pid, exe: /\/capable$/ });
    assert.deepEqual([alert.event['mcp.gained_root'], alert.event['mcp.gained_capabilities']], [false, true]);
  });

  test('who is root in a user namespace of its own has gained nothing', async () => {
    const words = becomes('unshare', '-Ur', 'sh', '-c', 'id -u # namespace-');
    const done = await attacked.server.does({ words });
    assert.equal(done.output, '0\n', done.errors);
    await attacked.settled();
    assert.deepEqual(about('namespace-'), []);
  });
});
