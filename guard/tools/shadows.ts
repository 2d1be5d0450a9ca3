import { skeleton } from '../../approval/index.ts';
import { withoutInvisible } from './signs/characters.ts';
import type { Tool } from './tool.ts';

/**
 * What two names have in common that a person takes for the same: the letters as they look, without case; `-`, `.` and blanks
 * as `_`, and the ASCII characters that look alike (1, l, I; 0, O; rn, m; vv, w).
 */
export function nameShape(name: string): string {
  return skeleton(withoutInvisible(name))
    .replaceAll('I', 'l')
    .toLowerCase()
    .replace(/[\s.-]/g, '_')
    .replace(/[1|]/g, 'l')
    .replaceAll('0', 'o')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w');
}

/**
 * Tools that have the name of another server's tool, or one that looks like it, each with those tools as `server/tool`.
 * `others` are names of tools by name of their server.
 */
export function shadowsOf(
  tools: readonly Tool[],
  others: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, readonly string[]> {
  const byShape = new Map<string, Set<string>>();
  for (const [server, names] of others)
    for (const name of names) {
      const shape = nameShape(name);
      byShape.set(shape, (byShape.get(shape) ?? new Set()).add(`${server}/${name}`));
    }
  const shadows = new Map<string, readonly string[]>();
  for (const { name } of tools) {
    const found = byShape.get(nameShape(name));
    if (found !== undefined) shadows.set(name, [...found].sort());
  }
  return shadows;
}
