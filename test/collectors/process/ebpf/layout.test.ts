import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import * as layout from '../../../../collectors/process/ebpf/layout.ts';
import { sensorPath, skip } from '../built-sensor.ts';

interface BtfType {
  readonly kind: string;
  readonly name: string;
  readonly size?: number;
  readonly members?: readonly { readonly name: string; readonly bits_offset: number }[];
  readonly values?: readonly { readonly name: string; readonly val: number }[];
}

function btfTypes(): readonly BtfType[] {
  const object = join(dirname(sensorPath), 'sensor.bpf.o');
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` };
  const text = execFileSync('bpftool', ['btf', 'dump', '-j', 'file', object], { env, encoding: 'utf8' });
  return JSON.parse(text).types;
}

test('every struct of the sensor has the offsets and size that the decoder expects', { skip }, () => {
  const structs = btfTypes().filter(({ kind, name }) => kind === 'STRUCT' && name.startsWith('sensor_'));
  const built = structs
    .filter(({ name }) => name !== 'sensor_bpf')
    .map(({ name, size, members = [] }) => {
      const fields = Object.fromEntries(members.map((member) => [member.name, member.bits_offset / 8]));
      return [name, { size, fields }];
    });
  assert.deepEqual(Object.fromEntries(built), layout.LAYOUT);
});

test('every enum of the sensor has the numbers that the decoder expects', { skip }, () => {
  const built = btfTypes()
    .filter(({ kind, name }) => kind === 'ENUM' && name.startsWith('sensor_'))
    .map(({ name, values = [] }) => [
      name.toUpperCase(),
      Object.fromEntries(values.map(({ name: value, val }) => [value, val])),
    ]);
  const { LAYOUT: _, SENSOR_VERSION: __, MAX_RECORD_BYTES: ___, MAX_COMMAND_BYTES: ____, ...tables } = layout;
  assert.deepEqual(Object.fromEntries(built), { ...tables });
});
