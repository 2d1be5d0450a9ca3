import { hash } from 'node:crypto';
import type { ConfigValue } from '../config/value.ts';
import { InventoryError } from '../errors.ts';

/**
 * Canonical JSON by RFC 8785 (JCS): keys sorted by UTF-16 code units, numbers and strings as ECMAScript
 * writes them. Throws InventoryError for a number that JSON cannot say.
 */
export function canonicalJson(value: ConfigValue): string {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new InventoryError('INVENTORY_NOT_CANONICAL', `${value} has no canonical form (RFC 8785, 3.2.2.3)`);
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  // Comparing strings orders by UTF-16 code units, as section 3.2.3 asks.
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, child]) => `${JSON.stringify(key)}:${canonicalJson(child)}`);
  return `{${members.join(',')}}`;
}

/**
 * Whether a text is canonical JSON, `value` being what `JSON.parse` made of it; a quick answer where keys do not
 * look like numbers, which ECMAScript puts in an order of its own: of those, false may be wrong, true never is.
 */
export function isCanonicalJson(text: string, value: unknown): boolean {
  return JSON.stringify(value) === text && hasSortedKeys(value);
}

function hasSortedKeys(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(hasSortedKeys);
  let previous: string | null = null;
  for (const [key, child] of Object.entries(value)) {
    if ((previous !== null && key < previous) || !hasSortedKeys(child)) return false;
    previous = key;
  }
  return true;
}

export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data);
}
