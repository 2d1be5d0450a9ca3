import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requiredTexts } from '../../../../rules/engine/compile/regex-literals.ts';

describe('the texts that a regular expression requires', () => {
  const CASES: readonly (readonly [string, readonly string[] | null])[] = [
    ['curl', ['curl']],
    ['^/bin/sh$', ['/bin/sh']],
    ['a.longer', ['longer']],
    ['curl|wget', ['curl', 'wget']],
    ['curl|.*', null],
    ['ab?cd', ['cd']],
    ['ab*', ['a']],
    ['ab+cd', ['cd']],
    ['x+', ['x']],
    ['a{0}bc', ['bc']],
    ['-(W|R)\\s', ['-W', '-R']],
    ['(?:etc|usr)/pass', ['etc/pass', 'usr/pass']],
    ['(a|b)?xyz', ['xyz']],
    ['(a|)xyz', ['axyz', 'xyz']],
    ['[WR]x', ['Wx', 'Rx']],
    ['[a-z]x', ['x']],
    ['[^a]bc', ['bc']],
    ['[]a]bc', ['bc']],
    ['[[:alpha:]]]bc', ['bc']],
    ['a\\.b\\/c', ['a.b/c']],
    ['\\dab', ['ab']],
    ['\\Qa.b\\E', null],
    ['\\x41bc', null],
    ['(?i)curl', ['curl']],
    ['(?i)cürl', ['rl']],
    ['a(?i)b', ['ab']],
    ['ab(?i:c)', null],
    ['a\\x22b', ['a"b']],
    ['a\\x2eb', ['a.b']],
    ['a\\\\x22b', null],
    ['[\\x22]bc', ['bc']],
    ['(?P<n>ab)', null],
    ['.*', null],
    ['', null],
    ['((a|b)c|d)ef', ['acef', 'bcef', 'def']],
    ['[abcdefgh][abcdefgh]xyz', ['axyz', 'bxyz', 'cxyz', 'dxyz', 'exyz', 'fxyz', 'gxyz', 'hxyz']],
  ];
  for (const [source, expected] of CASES) {
    it(`of /${source}/`, () => {
      assert.deepEqual(requiredTexts(source, false)?.toSorted() ?? null, expected?.toSorted() ?? null);
    });
  }

  it('leaves letters beyond ASCII where case does not count', () => {
    assert.deepEqual(requiredTexts('üab', true), ['ab']);
    assert.deepEqual(requiredTexts('üab', false), ['üab']);
  });
});
