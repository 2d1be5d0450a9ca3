import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { builder, PRODUCTS, type Product } from './builder-modules.ts';
import { SmallRoot, whyNoRoot } from './small-root.ts';

type Scripts<Name extends string> = Readonly<Record<Name, string>>;

const { debScripts, rpmScripts } = await builder<{
  debScripts: (
    product: Product,
    others: readonly string[],
  ) => Scripts<'preinst' | 'postinst' | 'prerm' | 'postrm'>;
  rpmScripts: (product: Product) => Scripts<'post' | 'preun' | 'postun' | 'posttrans'>;
}>('maintainer-scripts');
const deb = debScripts(PRODUCTS.agent, ['central.yml']);
const rpm = rpmScripts(PRODUCTS.agent);

const CONFIG = 'central:\n  url: wss://central.invalid:7443\n';
const PREPARED = [
  'systemd-sysusers sealwatch-agent.conf',
  'systemd-tmpfiles --create sealwatch-agent.conf',
  'systemctl daemon-reload',
];
const STARTED = [
  ...['sealwatch-sensor.socket', 'sealwatch-enrolment.path', 'sealwatch-agent.service'].map(
    (unit) => `systemctl --quiet enable ${unit}`,
  ),
  ...['sealwatch-sensor.socket', 'sealwatch-enrolment.path', 'sealwatch-agent.service'].map(
    (unit) => `systemctl start ${unit}`,
  ),
];
const RESTART = 'systemctl try-restart sealwatch-sensor.service sealwatch-agent.service';

function hostWith(options?: ConstructorParameters<typeof SmallRoot>[0]): SmallRoot {
  const root = new SmallRoot(options);
  root.home.write('etc/sealwatch/agent.yml', CONFIG);
  return root;
}

describe('scripts of the agent package', { skip: whyNoRoot() }, () => {
  it('deb: the first installation makes users, enables and starts, and says what is still missing', () => {
    using root = hostWith();
    root.run(deb.preinst, 'install');
    const { status, said, calls } = root.run(deb.postinst, 'configure', '');
    assert.equal(status, 0, said);
    assert.deepEqual(calls, [...PREPARED, ...STARTED]);
    assert.match(said, /^sealwatch-agent: to do: set central\.url .* enrolment token .*$/m);
    assert.equal(said.trim().split('\n').length, 1);
  });

  it('deb: nothing is missing where the URL and the token are there', () => {
    using root = hostWith();
    root.home.write('etc/sealwatch/agent.yml', 'central:\n  url: wss://central.example.com:7443\n');
    root.home.write('etc/sealwatch/enrolment-token', 'x', 0o600);
    root.run(deb.preinst, 'install');
    assert.equal(root.run(deb.postinst, 'configure', '').said, '');
  });

  it('deb: an upgrade restarts what runs and enables nothing', () => {
    using root = hostWith();
    root.run(deb.preinst, 'upgrade', '0.0.9');
    assert.deepEqual(root.run(deb.postinst, 'configure', '0.0.9').calls, [...PREPARED, RESTART]);
  });

  it('deb: an installation after a removal that kept the config starts again', () => {
    using root = hostWith();
    root.run(deb.preinst, 'install', '0.0.9');
    assert.deepEqual(root.run(deb.postinst, 'configure', '0.0.9').calls, [...PREPARED, ...STARTED]);
    root.run(deb.preinst, 'upgrade', '0.1.0');
    assert.deepEqual(root.run(deb.postinst, 'configure', '0.1.0').calls, [...PREPARED, RESTART]);
  });

  it('an upgrade from within one of our units puts its restart off, into a unit of its own', () => {
    using root = hostWith({ cgroup: '0::/system.slice/sealwatch-agent.service' });
    root.run(deb.preinst, 'upgrade', '0.0.9');
    const put = `systemd-run --quiet --collect --on-active=10 ${RESTART}`;
    assert.deepEqual(root.run(deb.postinst, 'configure', '0.0.9').calls, [...PREPARED, put]);
    root.run(rpm.post, '2');
    assert.ok(root.run(rpm.posttrans, '2').calls.includes(put));
  });

  it('deb: where systemd does not run, units are enabled and nothing else', () => {
    using root = hostWith({ runsSystemd: false });
    root.run(deb.preinst, 'install');
    const { status, said, calls } = root.run(deb.postinst, 'configure', '');
    assert.equal(status, 0, said);
    assert.deepEqual(
      calls.filter((call) => /^systemctl/.test(call)),
      STARTED.filter((call) => / enable /.test(call)),
    );
    assert.match(said, /systemd does not run here, so nothing was started/);
  });

  it('deb: a unit that does not start does not fail the package', () => {
    using root = hostWith();
    for (const name of ['systemctl', 'systemd-sysusers', 'systemd-tmpfiles']) root.breakProgram(name);
    root.run(deb.preinst, 'install');
    const { status, said } = root.run(deb.postinst, 'configure', '');
    assert.equal(status, 0, said);
    assert.match(
      said,
      /sealwatch-agent\.service did not start; journalctl -u sealwatch-agent\.service says why/,
    );
    assert.equal(root.run(deb.prerm, 'remove').status, 0);
  });

  it('deb: an upgrade stops nothing, a removal disables and stops everything and says what it keeps', () => {
    using root = hostWith();
    assert.deepEqual(root.run(deb.prerm, 'upgrade', '0.2.0').calls, []);
    const { calls } = root.run(deb.prerm, 'remove');
    assert.equal(calls.filter((call) => / disable /.test(call)).length, 3);
    assert.ok(calls.at(-1)?.startsWith('systemctl stop sealwatch-sensor.socket'));
    const { said } = root.run(deb.postrm, 'remove');
    assert.match(said, /kept \/etc\/sealwatch and \/var\/lib\/sealwatch/);
    assert.ok(root.has('etc/sealwatch/agent.yml'));
  });

  it('deb: a purge takes config and state, but leaves what belongs to central', () => {
    using root = hostWith();
    root.home.write('var/lib/sealwatch/spool', '');
    root.home.write('etc/sealwatch/trust/a.pub', '');
    root.home.write('etc/sealwatch/central.yml', '');
    assert.equal(root.run(deb.postrm, 'purge').status, 0);
    assert.deepEqual(
      ['var/lib/sealwatch', 'etc/sealwatch/agent.yml', 'etc/sealwatch/central.yml'].map((at) => root.has(at)),
      [false, false, true],
    );
    root.remove('etc/sealwatch/central.yml');
    root.run(deb.postrm, 'purge');
    assert.equal(root.has('etc/sealwatch'), false);
  });

  it('rpm: installs, upgrades and removes as the deb does; the restart waits for the end of the transaction', () => {
    using root = hostWith();
    assert.deepEqual(root.run(rpm.post, '1').calls, [...PREPARED, ...STARTED]);
    assert.deepEqual(root.run(rpm.posttrans, '1').calls, []);
    assert.deepEqual(root.run(rpm.post, '2').calls, PREPARED);
    assert.deepEqual(root.run(rpm.preun, '1').calls, []);
    assert.deepEqual(root.run(rpm.posttrans, '1').calls, [...PREPARED, RESTART]);
    assert.ok(root.run(rpm.preun, '0').calls.at(-1)?.startsWith('systemctl stop'));
    assert.match(root.run(rpm.postun, '0').said, /kept/);
  });
});
