import { fold } from '../match/event.ts';

/** Where in a text a needle must be. */
export type Place = 'anywhere' | 'start' | 'end' | 'whole';

/** A literal text that must be in a field, or in any field, for a test to hold. */
export interface Needle {
  /** Slot of the field; null for any field. */
  readonly slot: number | null;
  readonly place: Place;
  /** As `seen` makes it, and not empty. */
  readonly text: string;
}

/**
 * What a test requires: of each of these sets at least one needle must be there for it to hold. None where nothing
 * literal is required. It may let through more than the test does, never less.
 */
export type Requirement = readonly (readonly Needle[])[];

export const NOTHING_REQUIRED: Requirement = [];

/** Sets that a requirement keeps: the rarest, and one about another field. */
export const MAX_SETS = 2;

/** Of tests that must all hold. */
export function required(requirements: readonly Requirement[]): Requirement {
  const sets = requirements.flat().sort((a, b) => commonness(a) - commonness(b));
  const [first] = sets;
  if (first === undefined) return NOTHING_REQUIRED;
  const second = sets.find(
    (set) => set.length <= MAX_SECOND && set.every(({ slot }) => slot !== first[0]?.slot),
  );
  return second === undefined ? [first] : [first, second];
}

/** Needles of one set: beyond it a rule is better looked at each time. */
const MAX_NEEDLES = 4_096;
/** Needles of a second set: it must not cost more than it spares. */
const MAX_SECOND = 64;

/** Of tests of which one must hold. */
export function requiredByOne(requirements: readonly Requirement[]): Requirement {
  const sets: (readonly Needle[])[] = [];
  for (let index = 0; index < MAX_SETS; index += 1) {
    const union: Needle[] = [];
    for (const requirement of requirements) {
      const set = requirement[index];
      if (set === undefined) return sets;
      union.push(...set);
    }
    if (union.length > MAX_NEEDLES || (index > 0 && union.length > MAX_SECOND)) return sets;
    sets.push(union);
  }
  return sets;
}

/** How many texts of everyday command lines and paths are expected to hold one of the needles, 1 for all of them. */
function commonness(needles: readonly Needle[]): number {
  let sum = 0;
  for (const { place, text } of needles) sum += estimate(place, text);
  return sum;
}

/** Text that most hosts run and name all day; what is part of it is not rare. */
const EVERYDAY = [
  '/usr/bin/env /usr/local/bin/ /usr/sbin/ /usr/lib/ /usr/share/ /opt/ /home/user/ /root/ /users/ /var/lib/ /tmp/',
  '/bin/sh -c /bin/bash -c /usr/bin/python3 -m node npm exec npx -y git status --porcelain --no-optional-locks',
  'rm -rf cat ls -la grep -r sed -i awk curl -fssl https://localhost:8080/ http:// docker run --rm -it true false',
  'c:\\windows\\system32\\cmd.exe /c powershell.exe .exe .dll .sh .py .js .ts .json .conf .yml .txt .log 127.0.0.1',
  ' install build test start stop update remove list add config server service user file output path name version',
  ' --config --output --help --version --force --all -n -f -o -e -p -u -d -l -a -s -t -v - / = : . , " \' $ & | ;',
].join(' ');

/** Characters of a text that a needle may begin at. */
const POSITIONS = 150;
/** What a field ends with, or is: mostly the name of one of many programs. */
const KNOWN_NAME = 0.05;
const ANY_NAME = 0.003;

/** In how many texts of everyday life a needle is expected, 1 for all of them. Only the order matters. */
function estimate(place: Place, text: string): number {
  const isKnown = EVERYDAY.includes(text);
  if (place === 'whole' || place === 'end') return isKnown ? KNOWN_NAME : ANY_NAME;
  if (isKnown) return place === 'anywhere' ? 0.5 : 0.2;
  let chance = place === 'anywhere' ? POSITIONS : 4;
  for (let at = 0; at < text.length; at += 1) chance *= frequency(text, at);
  return Math.min(0.5, chance);
}

/** Share of a character in command lines, roughly; letters of a word follow from those before. */
function frequency(text: string, at: number): number {
  const code = text.charCodeAt(at);
  const isLetter = code >= 0x61 && code <= 0x7a;
  const before = text.charCodeAt(at - 1);
  if (isLetter) return before >= 0x61 && before <= 0x7a ? 0.25 : 0.05;
  if (code === 0x20 || code === 0x2f) return 0.1;
  if (code === 0x2d || code === 0x2e) return 0.04;
  return code < 0x80 ? 0.02 : 0.001;
}

/** The part of a text that is expected least, of at most as many characters. */
export function rarestPart(text: string, length: number): string {
  let best = text.slice(0, length);
  for (let at = 1; at + length <= text.length; at += 1) {
    const part = text.slice(at, at + length);
    if (estimate('anywhere', part) < estimate('anywhere', best)) best = part;
  }
  return best;
}

/** A requirement of one needle; nothing for a text that cannot be looked for. */
export function needleOf(slot: number | null, place: Place, text: string): Requirement {
  // Half a surrogate pair is folded differently alone and in its pair.
  return text === '' || !text.isWellFormed() ? NOTHING_REQUIRED : [[{ slot, place, text: seen(text) }]];
}

/** A text as needles are looked for in it: folded, and with the long s that RE2 takes for an s without case. */
export function seen(text: string): string {
  const folded = fold(text);
  return folded.includes('ſ') ? folded.replaceAll('ſ', 's') : folded;
}
