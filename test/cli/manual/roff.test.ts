import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { literal, marked, RoffPage, variable } from '../../../cli/manual/roff.ts';
import { printable } from '../../../cli/output.ts';
import { haveProgram } from '../../debian-package.ts';
import { TempDirectory } from '../../temp-directory.ts';

const HOSTILE = [
  '.so /etc/passwd',
  "'so /etc/passwd",
  '.SH NAME',
  '\\fBbold\\fR \\n(.g \\*[x] \\(bu \\[u2022]',
  '.\\" a comment',
  '\\',
  '\\\\e \\e',
  '"quoted" `ticked` \'single\'',
  '--long-option -s - -- ^caret~tilde',
  '. leading',
  '.',
  '...',
  'line\n.pso touch owned\nline',
  'tab\there',
  '…’“” é € 漢字',
  'bell \u0007 escape \u001b[31m override \u202e',
  'e.g. This. Ends here! Or? (So.) Yes',
  `${'a-very-long-word'.repeat(12)} ${'word '.repeat(60)}`,
] as const;

/** Readers of such pages: what each is run with, and the character pairs that it may show in another way. */
const READERS = [
  ['groff', 'groff', '--version', ['-man', '-Kutf8', '-Tutf8', '-P-cbou', '-rLL=2000n', '-rHY=0']],
  ['mandoc', 'mandoc', '-Kutf-8', ['-Tutf8', '-Owidth=500']],
] as const;

function shown(text: string): string {
  return printable(text.replaceAll(/\s/gu, ' ')).replaceAll(/ +/g, ' ').trim();
}

function rendered(page: RoffPage, reader: (typeof READERS)[number], directory: string): string {
  const [program, , , args] = reader;
  const { stdout, stderr, status } = spawnSync(program, args, {
    input: page.toString(),
    encoding: 'utf8',
    cwd: directory,
  });
  assert.deepEqual([status, stderr], [0, ''], program);
  // Bold and italics are overstruck.
  return stdout.replaceAll(/.[\b]/gu, '').replaceAll(/\s+/gu, ' ');
}

function pageOf(texts: readonly string[]): RoffPage {
  const page = new RoffPage({ name: 'x', section: 1, date: '2026-01-01', source: 'x', manual: 'x' });
  page.section('TEXTS');
  for (const [index, text] of texts.entries()) {
    page.subsection(`<s${index}: ${text} >`);
    page.paragraph(`<${index}: ${text} >`);
    page.item([literal(`<i${index}: ${text} >`)], [[variable(text)]]);
    page.example([text, `<e${index}>`]);
  }
  return page;
}

test('text comes out as it was, whatever it is, and acts nowhere', (context: TestContext) => {
  const texts = [
    ...HOSTILE,
    ...fc.sample(fc.string({ unit: 'binary-ascii', maxLength: 60 }), { numRuns: 60, seed: 7 }),
  ];
  for (const reader of READERS) {
    const [program, debian, probe] = reader;
    if (!haveProgram(program, debian, probe)) {
      context.diagnostic(`${program} is not installed, and only root on Debian can install it`);
      continue;
    }
    using directory = new TempDirectory();
    const output = rendered(pageOf(texts), reader, directory.path);
    for (const [index, text] of texts.entries()) {
      for (const mark of [`<s${index}:`, `<${index}:`, `<i${index}:`]) {
        const wanted = `${mark} ${shown(text)} >`.replaceAll(/ +/g, ' ');
        assert.ok(
          output.includes(wanted),
          `${program}: ${JSON.stringify(text)} as ${wanted}: ${output.slice(output.indexOf(mark), output.indexOf(mark) + 200)}`,
        );
      }
    }
    for (const [index, text] of texts.entries()) {
      const wanted = `${shown(text)} <e${index}>`.trim();
      assert.ok(output.includes(wanted), `${program}: ${JSON.stringify(text)} as an example`);
    }
    assert.ok(!existsSync(directory.at('owned')));
  }
});

test('lines are short, begin with a sentence, and never with a request of the text', () => {
  const page = new RoffPage({ name: 'x', section: 1, date: '2026-01-01', source: 'x', manual: 'x' });
  page.section('T');
  page.paragraph(`One ends here. Two is e.g. This one. ${'and words '.repeat(20)}`);
  page.paragraph('.SH forged');
  const lines = page.toString().split('\n').slice(-8, -1);
  assert.ok(lines.includes('One ends here.'), lines.join('|'));
  assert.ok(lines.some((line) => line.startsWith('Two is e.g. This one. and words')));
  assert.ok(lines.includes('\\&.SH forged'));
  assert.ok(lines.every((line) => line.length <= 78));
});

test('markup of the documentation becomes faces', () => {
  assert.deepEqual(marked('the `key` of [a page](x.md#y), **now**'), [
    { face: 'R', text: 'the ' },
    { face: 'B', text: 'key' },
    { face: 'R', text: ' of a page, now' },
  ]);
});
