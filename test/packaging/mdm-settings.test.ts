import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'plist';
import { parse, parseDocument } from 'yaml';
import { agentConfigSchema } from '../../agent/config.ts';
import { managedOnlySchema } from '../../agent/config-sources.ts';
import { agentSettings, loadConfig, managedFaults } from '../../agent/index.ts';
import { ansibleVariable } from '../../packaging/mdm/ansible-role.ts';
import { examplePreferences, staticFiles } from '../../packaging/mdm/files.ts';
import { assertGolden } from '../inventory/clients/golden.ts';
import { TempDirectory } from '../temp-directory.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Keys as the schema itself has them, those of `central` one by one. */
function schemaKeys(): readonly string[] {
  const { central, ...others } = agentConfigSchema.shape;
  const inner = Object.keys(central.shape).map((key) => `central.${key}`);
  return [...Object.keys(others), ...inner, ...Object.keys(managedOnlySchema.shape)].toSorted();
}

function textOf(path: string): string {
  const file = staticFiles(agentSettings()).find((candidate) => candidate.path === path);
  assert.ok(file !== undefined, path);
  return file.text;
}

test('the table has every setting of the schema, and the schema every setting of the table', () => {
  const keys = agentSettings().map(({ key }) => key);
  assert.deepEqual(keys.toSorted(), schemaKeys());
  assert.equal(new Set(keys).size, keys.length);
});

test('what is kept in the checkout is what the table makes', () => {
  for (const { path, text } of staticFiles(agentSettings())) assertGolden(join(ROOT, path), text);
});

test('each setting is described, with an example that the agent takes', () => {
  for (const { key, description, example } of agentSettings()) {
    assert.match(description, /^[^\s].*\.$/, key);
    const [map = '', inner] = key.split('.');
    const url = inner === undefined || inner === 'url' ? {} : { url: 'wss://central.example:7443' };
    const value = inner === undefined ? example : { ...url, [inner]: example };
    assert.equal(managedFaults({ [map]: value }), null, key);
  }
});

test('defaults and bounds of the table are those that the agent goes by', () => {
  using home = new TempDirectory();
  const config = loadConfig(home.write('agent.yml', 'state_dir: /x\ncentral: {url: "wss://c:1"}\n'), null);
  for (const { key, isRequired, isManagedOnly, default: value, shape, bounds } of agentSettings()) {
    const [map = '', inner] = key.split('.');
    const outer: unknown = Reflect.get(config, map);
    const taken: unknown = inner === undefined ? outer : Reflect.get(Object(outer), inner);
    if (!isRequired && !isManagedOnly) assert.deepEqual(taken, value, key);
    if (shape === 'text' && bounds.max !== null) {
      assert.equal(managedFaults({ [key]: 'x'.repeat(bounds.max) }), null, key);
      assert.notEqual(managedFaults({ [key]: 'x'.repeat(bounds.max + 1) }), null, key);
    }
    if (shape === 'list' && bounds.max !== null)
      assert.notEqual(managedFaults({ [key]: Array(bounds.max + 1).fill('/x') }), null, key);
  }
});

test('the secret is one that only managed preferences hold', () => {
  const secrets = agentSettings().filter(({ isSecret }) => isSecret);
  assert.deepEqual(
    secrets.map(({ key, isManagedOnly }) => [key, isManagedOnly]),
    [['enrolment_token', true]],
  );
});

test('a profile can hold every setting, and the agent takes all of them from it', () => {
  using home = new TempDirectory();
  const preferences = examplePreferences(agentSettings());
  const managed = home.write('managed.plist', build(preferences));
  const config = loadConfig(home.write('agent.yml', ''), managed);
  const { enrolment_token: token, ...others } = preferences;
  assert.deepEqual(JSON.parse(JSON.stringify(config)), others);
  assert.equal(typeof token, 'string');
});

test('the page has a row and a section for each setting, whose example is a config', () => {
  const page = textOf('docs/settings.md');
  const rows = [...page.matchAll(/^\| \[`([a-z_.]+)`\]/gm)].map(([, key]) => key);
  const sections = [...page.matchAll(/^## `([a-z_.]+)`\n[^`]*[\s\S]*?```yaml\n([\s\S]*?)```/gm)];
  const keys = agentSettings().map(({ key }) => key);
  assert.deepEqual(rows, keys);
  assert.deepEqual(
    sections.map(([, key]) => key),
    keys,
  );
  for (const [, key, yaml = ''] of sections) {
    const value: unknown = parse(yaml);
    const { central = null, ...others } = Object(value) as { central?: object };
    const whole = central === null ? others : { central: { url: 'wss://c:1', ...central } };
    assert.equal(managedFaults(whole), null, key);
  }
});

test('the template is a config, and stays one when every setting in it is set', () => {
  using home = new TempDirectory();
  const template = textOf('packaging/etc/agent.example.yml');
  const short = loadConfig(home.write('agent.yml', template), null);
  assert.deepEqual([short.state_dir, short.profile], ['/var/lib/sealwatch', 'developer']);
  const whole = template.replaceAll(/^( *)#(?=\S| {2})/gm, '$1');
  assert.deepEqual(parseDocument(whole).errors, []);
  const config = loadConfig(home.write('agent.yml', whole), null);
  const { enrolment_token: _, ...examples } = examplePreferences(agentSettings());
  assert.deepEqual({ ...config }, examples);
});

test('the role of Ansible knows each setting by one variable of its own', () => {
  const variables = agentSettings().map(({ key }) => ansibleVariable(key));
  const specs: unknown = parse(textOf('packaging/ansible/roles/sealwatch_agent/meta/argument_specs.yml'));
  const options = Object(specs).argument_specs.main.options as Readonly<Record<string, { no_log?: boolean }>>;
  assert.equal(new Set(variables).size, variables.length);
  for (const variable of variables) assert.ok(Object.hasOwn(options, variable), variable);
  assert.equal(options['sealwatch_agent_enrolment_token']?.no_log, true);
  const defaults: unknown = parse(textOf('packaging/ansible/roles/sealwatch_agent/defaults/main.yml'));
  const own = Object.keys(options).filter((name) => !variables.includes(name));
  assert.deepEqual(Object.keys(Object(defaults)).toSorted(), own.toSorted());
});
