import assert from 'node:assert/strict';
import { findEntries } from '../../../../inventory/config/containers.ts';
import { type ConfigFormat, parseConfigBytes } from '../../../../inventory/config/document.ts';
import { type ConfigValue, isObject } from '../../../../inventory/config/value.ts';
import { MAX_CONFIG_DEPTH, MAX_PROBLEMS_PER_FILE } from '../../../../inventory/limits.ts';

/** What one run saw; counts that stay at 0 would mean that the mutations miss their mark. */
export interface MutationCounts {
  parsed: number;
  refused: number;
  withServers: number;
  rssMegabytes: number;
}

export function isFormat(value: string | undefined): value is ConfigFormat {
  return value === 'jsonc' || value === 'toml' || value === 'yaml' || value === 'plist';
}

function depthOf(value: ConfigValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  let deepest = 0;
  for (const child of Object.values(value)) deepest = Math.max(deepest, depthOf(child));
  return deepest + 1;
}

/** Parses one config and reads its servers; throws where that breaks what is promised of any config. */
export function checkConfig(bytes: Buffer, format: ConfigFormat, counts: MutationCounts): void {
  const { document, faults } = parseConfigBytes(bytes, format, ['utf-8', 'utf-16']);
  const { root } = document;
  counts[root === null ? 'refused' : 'parsed'] += 1;
  if (root === null) assert.equal(document.faults.length, 1, 'a refused file has one fault');
  else assert.ok(depthOf(root) <= MAX_CONFIG_DEPTH + 1, 'the value is too deep');
  const found = root === null ? { entries: [], faults: [] } : findEntries(document, null, [], false);
  if (found.entries.length > 0) counts.withServers += 1;
  assert.ok(faults.length <= MAX_PROBLEMS_PER_FILE + 1 && found.faults.length <= MAX_PROBLEMS_PER_FILE + 1);
  for (const fault of [...faults, ...found.faults]) {
    assert.ok(fault.at !== null, `${fault.code} without a position`);
    assert.ok(fault.at.line >= 1 && fault.at.column >= 1);
    assert.ok(fault.at.line <= bytes.length + 1 && fault.at.column <= bytes.length + 1, 'beyond the file');
  }
  for (const [name, child] of Object.entries(root ?? {})) {
    assert.ok(
      document.positionOf([name, ...(isObject(child) ? Object.keys(child).slice(0, 1) : [])]) !== null,
    );
  }
}
