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
 * What a test requires to hold: of each set one needle, and each flag. It may let through more than the test does,
 * never less.
 */
export interface Requirement {
  /** Beginning with the set that the fewest events meet. */
  readonly sets: readonly (readonly Needle[])[];
  /** Fields that must be true, or false: many events meet them, but what meets none needs no further look. */
  readonly flags: readonly Needle[];
}

export const NOTHING_REQUIRED: Requirement = { sets: [], flags: [] };

/** Sets that a requirement keeps. */
export const MAX_SETS = 4;
/** A set that more events meet than this tells little; looking for it costs more than it spares. */
const TELLING = 0.3;
/** Needles of one set: beyond it a rule is better looked at each time. */
const MAX_NEEDLES = 4_096;
/** Needles of a further set: it must not cost more than it spares. */
const MAX_FURTHER = 256;

/** Of tests that must all hold: the set that the fewest events meet, and those about other fields that tell something. */
export function required(requirements: readonly Requirement[]): Requirement {
  const sets = requirements.flatMap((each) => each.sets).sort((a, b) => commonness(a) - commonness(b));
  const flags = requirements.flatMap((each) => each.flags);
  const [first] = sets;
  if (first === undefined) return flags.length === 0 ? NOTHING_REQUIRED : { sets, flags };
  const kept = [first];
  for (const set of sets.slice(1)) {
    if (kept.length === MAX_SETS || !isTelling(set)) break;
    const isOther = kept.every(([other]) => set.every(({ slot }) => slot !== other?.slot));
    if (isOther && set.length <= MAX_FURTHER) kept.push(set);
  }
  return { sets: kept, flags };
}

/** Of tests of which one must hold: what all of them require. */
export function requiredByOne(requirements: readonly Requirement[]): Requirement {
  const [first, ...others] = requirements;
  if (first === undefined) return NOTHING_REQUIRED;
  if (others.length === 0) return first;
  const flags = first.flags.filter((flag) =>
    others.every((each) => each.flags.some((other) => isSame(flag, other))),
  );
  return { sets: uniteSets(requirements.map(setsOf)), flags };
}

/** A test that has nothing but flags is one of several: then they are what it is known by. */
function setsOf({ sets, flags }: Requirement): Requirement['sets'] {
  return sets.length > 0 ? sets : flags.map((flag) => [flag]);
}

function uniteSets(alternatives: readonly Requirement['sets'][]): Requirement['sets'] {
  const sets: (readonly Needle[])[] = [];
  for (let index = 0; index < MAX_SETS; index += 1) {
    const union: Needle[] = [];
    for (const alternative of alternatives) {
      const set = alternative[index];
      if (set === undefined) return sets;
      union.push(...set);
    }
    if (union.length > (index === 0 ? MAX_NEEDLES : MAX_FURTHER)) return sets;
    sets.push(union);
  }
  return sets;
}

export function isSame(one: Needle, other: Needle): boolean {
  return one.slot === other.slot && one.place === other.place && one.text === other.text;
}

/** The sets that a rule is looked for by; flags count among them where nothing tells more. */
export function soughtSets({ sets, flags }: Requirement): Requirement['sets'] {
  const [first] = sets;
  if (first !== undefined && isTelling(first)) return sets;
  return [...sets, ...flags.map((flag) => [flag])].slice(0, MAX_SETS);
}

/** A number that is smaller the fewer events are expected to meet a requirement. */
export function rarity({ sets, flags }: Requirement): number {
  const [first] = sets;
  if (first !== undefined) return commonness(first);
  return flags.length > 0 ? FLAG : NOT_RARE;
}

/** Whether so few events meet a set that it is worth looking for. */
export function isTelling(set: readonly Needle[]): boolean {
  return commonness(set) <= TELLING;
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

/** Flags are one or the other: nearly every event has them. */
const FLAG = 0.9;
const NOT_RARE = 100;
const FLAGS: ReadonlySet<string> = new Set(['true', 'false']);

/** How often texts of everyday life are expected to hold a needle. Only the order matters, and what is rare. */
function estimate(place: Place, text: string): number {
  if (place === 'whole' && FLAGS.has(text)) return FLAG;
  const isKnown = EVERYDAY.includes(text);
  if (place === 'whole' || place === 'end') return isKnown ? KNOWN_NAME : ANY_NAME;
  if (isKnown && text.length > 2) return place === 'anywhere' ? 0.5 : 0.2;
  let chance = place === 'anywhere' ? POSITIONS : 4;
  for (let at = 0; at < text.length; at += 1) chance *= frequency(text, at);
  return chance;
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

/** Of sets of texts, of each of which one must be in a field, the one that the fewest events meet. */
export function rarestSet(sets: readonly (readonly string[])[]): readonly string[] | undefined {
  let best: readonly string[] | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const set of sets) {
    const sum = set.reduce((before, text) => before + estimate('anywhere', text.toLowerCase()), 0);
    if (sum < least && !set.includes('')) {
      best = set;
      least = sum;
    }
  }
  return best;
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
  if (text === '' || !text.isWellFormed()) return NOTHING_REQUIRED;
  const needle = { slot, place, text: seen(text) };
  return place === 'whole' && FLAGS.has(needle.text)
    ? { sets: [], flags: [needle] }
    : { sets: [[needle]], flags: [] };
}

/** A text as needles are looked for in it: folded, and with the long s that RE2 takes for an s without case. */
export function seen(text: string): string {
  const folded = fold(text);
  return folded.includes('ſ') ? folded.replaceAll('ſ', 's') : folded;
}
