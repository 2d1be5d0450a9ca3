/** Takes bundles of all kinds with rising versions, and prints each version that is in force, until it is killed. */
import {
  composeBundle,
  composeConfigBundle,
  composePolicyBundle,
  composeRulePack,
  openSigner,
} from '../../../../approval/index.ts';
import { TempDirectory } from '../../../temp-directory.ts';
import { rule } from '../../rules/samples.ts';
import { Host, NOW } from '../host.ts';

const [, , path = '', first = '1'] = process.argv;
const directory = new TempDirectory(path);
const host = new Host(directory);
const signer = await openSigner('approver', {
  stateDir: host.stateDir,
  systemDirectory: null,
  agentSocket: undefined,
});
for (let version = Number(first); ; version += 1) {
  const files = [{ path: 'a.yml', text: rule(`v${version}`, 'x') }];
  const pack = await composeRulePack(files, { name: 'fleet', version, created: NOW }, signer);
  const config = await composeConfigBundle({}, { version, issued: NOW }, signer);
  const approvals = await composeBundle([], version, NOW, signer);
  await host.offer('rules', version, JSON.stringify(pack));
  await host.offer('config', version, JSON.stringify(config));
  const policy = await composePolicyBundle('shells: true', { version, issued: NOW }, signer);
  await host.offer('policy', version, JSON.stringify(policy));
  await host.offer('approvals', version, JSON.stringify(approvals));
  process.stdout.write(`${version}\n`);
}
