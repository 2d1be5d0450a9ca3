import type { Random } from './random.ts';

/** Bytes that no mutated config passes but through a bomb. */
const MAX_GROWN_BYTES = 512;
/** One config in so many is blown up with a token repeated thousands of times. */
const BOMB_EVERY = 4_000;
const BOMB_REPEATS = 4_000;

type Mutator = (
  bytes: Buffer,
  random: Random,
  tokens: readonly [Buffer, ...Buffer[]],
  other: Buffer,
) => Buffer;

function splice(bytes: Buffer, at: number, removed: number, inserted: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);
}

const NOTHING = Buffer.alloc(0);

const MUTATORS: readonly [Mutator, ...Mutator[]] = [
  function flipBit(bytes, random) {
    const flipped = Buffer.from(bytes);
    const at = random.below(bytes.length);
    if (bytes.length > 0) flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << random.below(8)), at);
    return flipped;
  },
  function setByte(bytes, random) {
    const changed = Buffer.from(bytes);
    if (bytes.length > 0) changed.writeUInt8(random.below(256), random.below(bytes.length));
    return changed;
  },
  function remove(bytes, random) {
    return splice(bytes, random.below(bytes.length), random.below(16), NOTHING);
  },
  function repeat(bytes, random) {
    const at = random.below(bytes.length);
    return splice(bytes, at, 0, bytes.subarray(at, at + random.below(48)));
  },
  function cutOff(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length));
  },
  function crossOver(bytes, random, _tokens, other) {
    const tail = other.subarray(random.below(other.length));
    return Buffer.concat([bytes.subarray(0, random.below(bytes.length)), tail]);
  },
  function insertToken(bytes, random, tokens) {
    return splice(bytes, random.below(bytes.length + 1), 0, random.pick(tokens));
  },
  function replaceWithToken(bytes, random, tokens) {
    return splice(bytes, random.below(bytes.length), 1 + random.below(4), random.pick(tokens));
  },
  function nest(bytes, random, tokens) {
    const pattern = Buffer.concat([random.pick(tokens), random.pick(tokens)]);
    return splice(
      bytes,
      random.below(bytes.length + 1),
      0,
      Buffer.alloc(pattern.length * random.below(80), pattern),
    );
  },
];

/** Mostly one change to a seed, so that many still parse; sometimes up to four; now and then a bomb. */
export function mutate(
  seeds: readonly [Buffer, ...Buffer[]],
  tokens: readonly [Buffer, ...Buffer[]],
  random: Random,
): Buffer {
  let bytes = random.pick(seeds);
  for (let left = random.below(3) > 0 ? 1 : 1 + random.below(4); left > 0; left -= 1) {
    bytes = random.pick(MUTATORS)(bytes, random, tokens, random.pick(seeds)).subarray(0, MAX_GROWN_BYTES);
  }
  if (random.below(BOMB_EVERY) > 0) return bytes;
  const token = random.pick(tokens);
  return splice(bytes, random.below(bytes.length + 1), 0, Buffer.alloc(token.length * BOMB_REPEATS, token));
}
