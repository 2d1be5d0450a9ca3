import assert from 'node:assert/strict';
import { chmodSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { loadConfig, rereadConfig } from '../../agent/config.ts';
import { configPaths } from '../../agent/config-sources.ts';
import { readEnrolmentSource } from '../../agent/enrolment/token-source.ts';
import { AgentError, type AgentErrorCode } from '../../agent/errors.ts';
import { binaryPlist } from '../inventory/config/binary-plist.ts';
import { TempDirectory } from '../temp-directory.ts';

const FILE = 'state_dir: /var/lib/x\ncentral: {url: "wss://file:7443"}\nroots: [/file]\n';

function plist(body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict>${body}</dict></plist>\n`;
}

function refused(code: AgentErrorCode, ...words: (string | RegExp)[]) {
  return (error: unknown) => {
    assert.ok(error instanceof AgentError, String(error));
    assert.equal(error.code, code);
    for (const word of words) assert.match(error.message, typeof word === 'string' ? new RegExp(word) : word);
    return true;
  };
}

test('fragments lie over the config file in order of their names, and maps are merged', () => {
  using home = new TempDirectory();
  const path = home.write('agent.yml', `${FILE}placeholders: {a: [file], b: [file]}\n`);
  home.write(
    'agent.d/50-site.yml',
    'profile: production\nroots: [/site, /more]\nplaceholders: {b: [site]}\n',
  );
  home.write('agent.d/10-central.yml', 'central: {token_file: /run/token}\nroots: [/first]\n');
  home.write('agent.d/90-note.txt', 'profile: developer\n');
  home.write('agent.d/.50-site.yml', 'profile: developer\n');
  home.write('agent.d/60-empty.yml', '# nothing yet\n');
  const config = loadConfig(path, null);
  assert.deepEqual(config.central, { url: 'wss://file:7443', token_file: '/run/token' });
  assert.deepEqual(config.roots, ['/site', '/more']);
  assert.equal(config.profile, 'production');
  assert.deepEqual(config.placeholders, { a: ['file'], b: ['site'] });
});

test('managed preferences win over every file, as XML and as a binary property list', () => {
  using home = new TempDirectory();
  const path = home.write('agent.yml', FILE);
  home.write('agent.d/50-site.yml', 'profile: developer\ngroup: site\n');
  const managed = home.write(
    'managed/dev.sealwatch.agent.plist',
    plist(`<key>central</key><dict><key>url</key><string>wss://managed:7443</string></dict>
      <key>profile</key><string>production</string><key>PayloadUUID</key><string>x</string>`),
  );
  const config = loadConfig(path, managed);
  assert.deepEqual(
    [config.central.url, config.profile, config.group, config.roots],
    ['wss://managed:7443', 'production', 'site', ['/file']],
  );
  home.write('managed/dev.sealwatch.agent.plist', binaryPlist({ profile: 'developer', roots: ['/binary'] }));
  assert.deepEqual(loadConfig(path, managed).roots, ['/binary']);
});

test('a host may get everything but the state directory from managed preferences', () => {
  using home = new TempDirectory();
  const path = home.write('agent.yml', 'state_dir: /var/db/sealwatch\n');
  const managed = home.at('managed.plist');
  assert.throws(() => loadConfig(path, managed), refused('AGENT_CONFIG_INVALID', 'agent.yml:', 'central'));
  home.write(
    'managed.plist',
    plist('<key>central</key><dict><key>url</key><string>wss://m:1</string></dict>'),
  );
  assert.equal(loadConfig(path, managed).central.url, 'wss://m:1');
});

test('each fault is told under the file that it stands in', () => {
  using home = new TempDirectory();
  const path = home.write('agent.yml', 'profile: nobody\ngroup: ""\ncentral: {url: "wss://c:1"}\n');
  home.write('agent.d/50-site.yml', 'extra: 1\nrule_changes: [{rule: a}]\n');
  const managed = home.write(
    'm.plist',
    plist('<key>other</key><true/><key>profile</key><string>loud</string>'),
  );
  let told = '';
  assert.throws(
    () => loadConfig(path, managed),
    (error) => {
      told = error instanceof AgentError ? error.message : '';
      return true;
    },
  );
  const blocks = Object.fromEntries(
    told.split(/^(?=\/)/m).map((block) => [block.slice(home.path.length + 1, block.indexOf(':\n')), block]),
  );
  assert.deepEqual(Object.keys(blocks).toSorted(), ['agent.d/50-site.yml', 'agent.yml', 'm.plist']);
  assert.match(blocks['agent.yml'] ?? '', /group/);
  assert.match(blocks['agent.yml'] ?? '', /state_dir/);
  assert.match(blocks['agent.d/50-site.yml'] ?? '', /extra[\s\S]*rule_changes\[0\]/);
  assert.match(blocks['m.plist'] ?? '', /other[\s\S]*profile/);
  assert.doesNotMatch(blocks['agent.yml'] ?? '', /profile|other|extra/);
});

test('a fragment, its directory or preferences that others may write are refused', () => {
  using home = new TempDirectory();
  const path = home.write('agent.yml', FILE);
  const fragment = home.write('agent.d/50-site.yml', 'profile: production\n', 0o666);
  assert.throws(() => loadConfig(path, null), refused('AGENT_CONFIG_EXPOSED', '50-site'));
  chmodSync(fragment, 0o644);
  chmodSync(home.at('agent.d'), 0o777);
  assert.throws(() => loadConfig(path, null), refused('AGENT_CONFIG_EXPOSED', 'agent.d could'));
  rmSync(fragment);
  assert.throws(() => loadConfig(path, null), refused('AGENT_CONFIG_EXPOSED', 'agent.d could'));
  rmSync(home.at('agent.d'), { recursive: true });
  const managed = home.write('m.plist', plist('<key>profile</key><string>production</string>'), 0o622);
  assert.throws(() => loadConfig(path, managed), refused('AGENT_CONFIG_EXPOSED', 'm.plist'));
});

test('preferences that are no property list, or too large, are refused', () => {
  using home = new TempDirectory();
  const path = home.write('agent.yml', FILE);
  const managed = home.at('m.plist');
  for (const text of ['', 'profile: production', '<plist><array/></plist>', plist('<key>profile</key>')]) {
    home.write('m.plist', text);
    assert.throws(() => loadConfig(path, managed), refused('AGENT_CONFIG_INVALID', 'm.plist'), text);
  }
  home.write('m.plist', plist(`<key>group</key><string>${'x'.repeat(300_000)}</string>`));
  assert.throws(() => loadConfig(path, managed), refused('AGENT_CONFIG_UNREADABLE', 'm.plist'));
});

test('a token stands in managed preferences alone, and never in the config', () => {
  using home = new TempDirectory();
  const path = home.write('agent.yml', FILE);
  const managed = home.write('m.plist', plist('<key>enrolment_token</key><string>secret</string>'));
  assert.ok(!JSON.stringify(loadConfig(path, managed)).includes('secret'));
  home.write('m.plist', plist('<key>enrolment_token</key><integer>7</integer>'));
  assert.throws(
    () => loadConfig(path, managed),
    refused('AGENT_CONFIG_INVALID', 'm.plist', 'enrolment_token'),
  );
  home.write('agent.d/token.yml', 'enrolment_token: secret\n');
  assert.throws(
    () => loadConfig(path, null),
    refused('AGENT_CONFIG_INVALID', 'token.yml', 'enrolment_token'),
  );
});

test('the token of managed preferences wins over its file, and either may come later', async () => {
  using home = new TempDirectory();
  const file = home.at('token');
  const managed = home.at('m.plist');
  assert.equal(await readEnrolmentSource(file, managed), null);
  home.write('token', 'of-the-file\n');
  assert.equal(await readEnrolmentSource(file, managed), 'of-the-file');
  home.write('m.plist', plist('<key>profile</key><string>production</string>'));
  assert.equal(await readEnrolmentSource(file, managed), 'of-the-file');
  home.write('m.plist', plist('<key>enrolment_token</key><string>managed</string>'));
  assert.equal(await readEnrolmentSource(file, managed), 'managed');
  home.write('m.plist', 'broken');
  assert.equal(await readEnrolmentSource(file, managed), 'of-the-file');
  assert.equal(await readEnrolmentSource(file, null), 'of-the-file');
});

test('what changed in a fragment or in managed preferences is read again', () => {
  using home = new TempDirectory();
  const path = home.write('agent.yml', FILE);
  const managed = home.at('m.plist');
  const first = loadConfig(path, managed);
  home.write('agent.d/50.yml', 'rules: [/etc/rules]\n');
  home.write('m.plist', plist('<key>denial</key><string>report</string>'));
  const { settings, restart } = rereadConfig(path, first, managed);
  assert.deepEqual([settings.rules, restart], [['/etc/rules'], ['denial']]);
  assert.deepEqual(configPaths(path, managed), [path, home.at('agent.d'), managed]);
});
