import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { machineDigest, machineTraits, platformUuid } from '../../../agent/enrolment/machine.ts';
import { TempDirectory } from '../../temp-directory.ts';

/** A machine with a card that is built in, one on USB, and a virtual one. */
function machine(id: string, address: string, usb = '02:00:00:00:00:99'): TempDirectory {
  const root = new TempDirectory();
  root.write('etc/machine-id', `${id}\n`);
  root.write('sys/class/dmi/id/product_uuid', '4C4C4544-0042\n');
  for (const [name, at, mac] of [
    ['eth0', 'sys/devices/pci0/net', address],
    ['usb0', 'sys/devices/pci0/usb1/net', usb],
  ] as const) {
    mkdirSync(root.at(at), { recursive: true });
    root.write(`sys/class/net/${name}/address`, `${mac}\n`);
    symlinkSync(root.at(at), root.at('sys/class/net', name, 'device'));
  }
  root.write('sys/class/net/veth1/address', '02:42:00:00:00:01\n');
  return root;
}

async function digestOf(root: TempDirectory, salt = 'salt'): Promise<string | null> {
  return machineDigest(await machineTraits('linux', root.path), salt);
}

test('a machine is the same again, and another one is another', async () => {
  using here = machine('aa', '02:00:00:00:00:01');
  using again = machine('aa', '02:00:00:00:00:01', '02:00:00:00:00:77');
  using reinstalled = machine('bb', '02:00:00:00:00:01');
  using copied = machine('aa', '02:00:00:00:00:02');
  const own = await digestOf(here);
  assert.match(String(own), /^[0-9a-f]{64}$/);
  assert.equal(await digestOf(again), own, 'what is plugged in does not count');
  assert.notEqual(await digestOf(reinstalled), own);
  assert.notEqual(await digestOf(copied), own);
  assert.notEqual(await digestOf(here, 'other'), own, 'two state directories say nothing of each other');
});

test('what is told of a machine is its built-in cards, its ids, and nothing virtual', async () => {
  using here = machine('AA', '02:00:00:00:00:01');
  assert.deepEqual(await machineTraits('linux', here.path), [
    ['machine-id', 'aa'],
    ['product-uuid', '4c4c4544-0042'],
    ['hardware-address', '02:00:00:00:00:01'],
  ]);
});

test('a machine that tells nothing of itself has no digest', async () => {
  using bare = new TempDirectory();
  assert.equal(await digestOf(bare), null);
});

const skip = existsSync('/etc/machine-id') ? false : 'this machine has no /etc/machine-id';
if (skip !== false) console.log(`SKIPPED: ${skip}`);

test('this very machine is told by its id', { skip }, async () => {
  const traits = await machineTraits();
  const own = readFileSync('/etc/machine-id', 'utf8').trim();
  assert.equal(traits.find(([kind]) => kind === 'machine-id')?.[1], own);
});

test('the platform UUID of macOS is found in what ioreg prints', () => {
  const printed = `+-o J316sAP  <class IOPlatformExpertDevice, id 0x10000021e, registered, matched>
    {
      "IOPolledInterface" = "AppleARMWatchdogTimerHibernateHandler is not serializable"
      "IOPlatformUUID" = "1B4E28BA-2FA1-11D2-883F-B9A761BDE3FB"
      "IOPlatformSerialNumber" = "C02ABC"
    }
`;
  assert.equal(platformUuid(printed), '1b4e28ba-2fa1-11d2-883f-b9a761bde3fb');
  assert.equal(platformUuid('"IOPlatformUUID" = "short"'), null);
  assert.equal(platformUuid(''), null);
});
