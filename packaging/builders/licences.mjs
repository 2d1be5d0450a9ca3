// The licences of all that is in a package.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LICENCE = /^(?:licen[cs]e|copying|notice)(?:[.-]|$)/i;

function textsOf(directory) {
  return readdirSync(directory)
    .filter((name) => LICENCE.test(name))
    .sort()
    .map((name) => readFileSync(join(directory, name), 'utf8').trim());
}

/** The licence that a package names in its package.json. */
export function licenceOf(directory) {
  const { license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  return typeof license === 'string' ? license : null;
}

/** One text with the licence of each npm package. */
export function licenceText(packages) {
  const parts = packages.map(({ name, version, directory }) => {
    const texts = textsOf(directory);
    const words = texts.length > 0 ? texts.join('\n\n') : 'The package holds no text of its licence.';
    return `${name} ${version} (${licenceOf(directory) ?? 'no licence named'})\n\n${words}\n`;
  });
  return `This package holds the following npm packages. Node's own licence is runtime/LICENSE.\n\n${parts.join(`\n${'-'.repeat(72)}\n\n`)}`;
}
