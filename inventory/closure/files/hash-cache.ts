import { randomInt } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { HASH_CACHE_REST_MS, MAX_CACHED_TREE_ENTRIES, MAX_HASH_CACHE_ENTRIES } from '../../limits.ts';
import type { KnownAccessList } from './access-lists.ts';
import { IDENTITY_WORDS, sameIdentity, writeIdentity } from './file-identity.ts';
import { TreeCache } from './tree-cache.ts';

const FIRST_CAPACITY = 1_024;
export const DIGEST_BYTES = 32;
/** Share of the records that stay when the cache is full: dropping one at a time would mean sorting each time. */
const KEPT_SHARE = 0.75;

/** The records of a cache as they lie on disk, in two tables of equal length. */
export interface HashRecords {
  readonly identities: BigInt64Array;
  readonly digests: Uint8Array;
}

/**
 * Digests of files by (device, inode, size, mtime, ctime), those not asked for longest dropped first. A
 * program cannot set ctime, so a changed file has a new key; a file written to within HASH_CACHE_REST_MS is
 * never kept. One record of 72 bytes per inode in flat tables: 200,000 files take 15 MB and no object.
 */
export class HashCache {
  /** Whole directories, by the same rule. */
  readonly trees: TreeCache;
  /** Access control lists by path, as AccessLists keeps them. */
  readonly accessLists = new Map<string, KnownAccessList>();
  readonly #limit: number;
  // A stranger's file system may choose its inode numbers; random factors keep the table from clustering.
  readonly #factors = [
    randomInt(2 ** 31) * 2 + 1,
    randomInt(2 ** 31) * 2 + 1,
    randomInt(2 ** 31) * 2 + 1,
  ] as const;
  #identities = new BigInt64Array(FIRST_CAPACITY * IDENTITY_WORDS);
  #digests = Buffer.alloc(FIRST_CAPACITY * DIGEST_BYTES);
  #lastUse = new Uint32Array(FIRST_CAPACITY);
  /** Open addressing: record number + 1, or 0 where free. */
  #slots = new Int32Array(FIRST_CAPACITY * 2);
  #size = 0;
  #clock = 0;
  #changed = false;

  constructor(limit: number = MAX_HASH_CACHE_ENTRIES, treeLimit: number = MAX_CACHED_TREE_ENTRIES) {
    this.#limit = limit;
    this.trees = new TreeCache(treeLimit);
  }

  /** The records that were saved; those over the limit are left out. */
  static fromRecords(
    { identities, digests }: HashRecords,
    limit: number = MAX_HASH_CACHE_ENTRIES,
  ): HashCache {
    const cache = new HashCache(limit);
    const count = Math.min(limit, identities.length / IDENTITY_WORDS);
    cache.#grow(count);
    cache.#identities.set(identities.subarray(0, count * IDENTITY_WORDS));
    cache.#digests.set(digests.subarray(0, count * DIGEST_BYTES));
    cache.#size = count;
    cache.#index();
    return cache;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether anything was learnt since it was made or since `records` was last called. */
  get changed(): boolean {
    return this.#changed || this.trees.changed;
  }

  /** All records, to be saved; the most lately used last. */
  records(): HashRecords {
    this.#changed = false;
    return {
      identities: this.#identities.slice(0, this.#size * IDENTITY_WORDS),
      digests: this.#digests.subarray(0, this.#size * DIGEST_BYTES),
    };
  }

  get(stat: BigIntStats): string | null {
    const record = (this.#slots[this.#slotOf(stat.dev, stat.ino)] ?? 0) - 1;
    if (record < 0 || !sameIdentity(this.#identities, record, stat)) return null;
    this.#lastUse[record] = this.#tick();
    return this.#digests.toString('hex', record * DIGEST_BYTES, (record + 1) * DIGEST_BYTES);
  }

  /** `since` is when reading began, in ms since the epoch: a slow read must not make a fresh file look old. */
  set(stat: BigIntStats, digest: string, since: number): void {
    if (!isAtRest(stat, since) || this.#limit < 1) return;
    let slot = this.#slotOf(stat.dev, stat.ino);
    if (this.#slots[slot] === 0) {
      if (this.#size >= this.#limit) this.#dropOldest();
      this.#grow(this.#size + 1);
      slot = this.#slotOf(stat.dev, stat.ino);
      this.#size += 1;
      this.#slots[slot] = this.#size;
    }
    const record = (this.#slots[slot] ?? 0) - 1;
    writeIdentity(this.#identities, record, stat);
    this.#digests.write(digest, record * DIGEST_BYTES, 'hex');
    this.#lastUse[record] = this.#tick();
    this.#changed = true;
  }

  /** The slot of an inode, or the free one where it belongs; there always is one, as half of them are free. */
  #slotOf(device: bigint, inode: bigint): number {
    const mask = this.#slots.length - 1;
    const device32 = Number(BigInt.asIntN(32, device));
    const low = Number(BigInt.asIntN(32, inode));
    const high = Number(BigInt.asIntN(32, inode >> 32n));
    for (let slot = this.#mix(device32, low, high) & mask; ; slot = (slot + 1) & mask) {
      const record = (this.#slots[slot] ?? 0) - 1;
      if (record < 0) return slot;
      const at = record * IDENTITY_WORDS;
      if (this.#identities[at + 1] === inode && this.#identities[at] === device) return slot;
    }
  }

  #index(): void {
    this.#slots.fill(0);
    const mask = this.#slots.length - 1;
    // Each inode has one record, so only a free slot is looked for; words of 32 bits, because a BigInt is an object.
    const words = new Int32Array(this.#identities.buffer);
    for (let record = 0; record < this.#size; record += 1) {
      const at = record * IDENTITY_WORDS * 2;
      let slot = this.#mix(words[at] ?? 0, words[at + 2] ?? 0, words[at + 3] ?? 0) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = record + 1;
    }
  }

  #mix(device: number, inodeLow: number, inodeHigh: number): number {
    const [low, high, other] = this.#factors;
    const mixed = Math.imul(inodeLow, low) ^ Math.imul(inodeHigh, high) ^ Math.imul(device, other);
    return mixed ^ (mixed >>> 15);
  }

  #grow(wanted: number): void {
    const capacity = this.#lastUse.length;
    if (wanted <= capacity) return;
    const next = Math.max(FIRST_CAPACITY, 2 ** Math.ceil(Math.log2(wanted)));
    const identities = new BigInt64Array(next * IDENTITY_WORDS);
    const digests = Buffer.alloc(next * DIGEST_BYTES);
    const lastUse = new Uint32Array(next);
    identities.set(this.#identities);
    digests.set(this.#digests);
    lastUse.set(this.#lastUse);
    this.#identities = identities;
    this.#digests = digests;
    this.#lastUse = lastUse;
    this.#slots = new Int32Array(next * 2);
    this.#index();
  }

  #dropOldest(): void {
    const order = Array.from({ length: this.#size }, (_, record) => record);
    order.sort((a, b) => (this.#lastUse[b] ?? 0) - (this.#lastUse[a] ?? 0));
    const kept = order.slice(0, Math.floor(this.#limit * KEPT_SHARE)).sort((a, b) => a - b);
    for (const [to, from] of kept.entries()) {
      this.#identities.copyWithin(to * IDENTITY_WORDS, from * IDENTITY_WORDS, (from + 1) * IDENTITY_WORDS);
      this.#digests.copyWithin(to * DIGEST_BYTES, from * DIGEST_BYTES, (from + 1) * DIGEST_BYTES);
      this.#lastUse[to] = this.#lastUse[from] ?? 0;
    }
    this.#size = kept.length;
    this.#index();
  }

  #tick(): number {
    if (this.#clock === 2 ** 32 - 1) {
      this.#lastUse.fill(0);
      this.#clock = 0;
    }
    this.#clock += 1;
    return this.#clock;
  }
}

/** Whether a file had been left alone for HASH_CACHE_REST_MS at `since` (ms since the epoch). */
export function isAtRest(stat: BigIntStats, since: number): boolean {
  return since - Number(stat.ctimeMs) >= HASH_CACHE_REST_MS;
}
