import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../collectors/process/built-sensor.ts';

const LIMITATIONS = readFileSync(join(root, 'docs', 'limitations.md'), 'utf8').replaceAll(/\s+/g, ' ');

/** Fails as soon as the documentation no longer says that this is not seen. */
export function documented(words: string): void {
  assert.ok(LIMITATIONS.includes(words), `docs/limitations.md does not say: ${words}`);
}
