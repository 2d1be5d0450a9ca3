// Imports between parts go one way and through a part's index.ts only. Project references refuse a wrong
// direction as well; this check also refuses deep imports and says why.
import { dirname, join, normalize } from 'node:path';
import { productSources } from './source-files.mjs';

const MAY_IMPORT = {
  wire: [],
  inventory: ['wire'],
  collectors: ['wire'],
  approval: ['wire', 'inventory'],
  'rules/engine': [],
  agent: ['wire', 'inventory', 'approval', 'collectors', 'rules/engine'],
  guard: ['wire', 'inventory', 'approval'],
  central: ['wire', 'approval', 'rules/engine'],
  cli: ['wire', 'inventory', 'approval', 'collectors', 'rules/engine', 'agent', 'guard', 'central'],
  packaging: ['agent'],
};
const PURE = new Set(['wire', 'rules/engine']);
const IMPORT = /(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)/g;

function partOf(path) {
  return Object.keys(MAY_IMPORT).find((part) => path.startsWith(`${part}/`));
}

function faultOf(path, part, target) {
  if (target.startsWith('node:')) {
    return PURE.has(part) ? `${path}: ${part} is pure and may not import ${target}` : null;
  }
  if (!target.startsWith('.')) return null;
  const file = normalize(join(dirname(path), target));
  const other = partOf(file);
  if (other === part) return null;
  if (other === undefined) return `${path}: imports ${file}, which is in no part`;
  if (!MAY_IMPORT[part].includes(other)) return `${path}: ${part} may not import ${other}`;
  return file === `${other}/index.ts` ? null : `${path}: imports ${file} past ${other}/index.ts`;
}

/** Faults of the import directions, one line each. */
export function checkImports(root) {
  return productSources(root).flatMap(({ path, text }) => {
    const part = partOf(path);
    if (part === undefined) return [`${path}: is in no part`];
    return [...text.matchAll(IMPORT)]
      .map((match) => faultOf(path, part, match[1] ?? match[2]))
      .filter((fault) => fault !== null);
  });
}
