// A constant has one home. The same upper-case name with the same number, text or pattern in two files is one
// constant written twice, and would drift. Lists and tables are data of the file that they stand in.
import { productSources } from './source-files.mjs';

const CONSTANT = /(?:^|\n)(?:export )?const ([A-Z][A-Z0-9_]{2,})\b[^=\n]*= ([^;[{]+);/g;

/** Constants that are defined with the same name and value in several files, one line each. */
export function checkConstants(root) {
  const homes = new Map();
  for (const { path, text } of productSources(root)) {
    for (const [, name, value] of text.matchAll(CONSTANT)) {
      const key = `${name} = ${value.replaceAll(/\s+/g, ' ')}`;
      homes.set(key, [...(homes.get(key) ?? []), path]);
    }
  }
  return [...homes]
    .filter(([, paths]) => paths.length > 1)
    .map(([key, paths]) => `${key.slice(0, 80)} is defined in ${paths.join(' and ')}`);
}
