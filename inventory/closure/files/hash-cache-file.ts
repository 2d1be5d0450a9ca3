import { hash } from 'node:crypto';
import type { KnownAccessList } from './access-lists.ts';
import { IDENTITY_WORDS } from './file-identity.ts';
import { DIGEST_BYTES, HashCache } from './hash-cache.ts';
import type { TreeSnapshot } from './tree-cache.ts';

/** Raised with every change of the format; a file of another version is not read. */
const MAGIC = Buffer.from('SWHASH01');
const LENGTHS_BYTES = 8;
const IDENTITY_BYTES = IDENTITY_WORDS * 8;
const PARENT_BYTES = 4;
const ALIGNMENT = 8;

/** What the file says of itself; the tables follow in the order records, trees. */
interface Head {
  readonly records: number;
  readonly trees: readonly (Pick<TreeSnapshot, 'root' | 'sha256' | 'own' | 'owners' | 'version'> & {
    readonly entries: number;
  })[];
  readonly lists: readonly (readonly [key: string, known: KnownAccessList])[];
}

/**
 * A hash cache as bytes: magic, two lengths, a JSON head, the names of the trees' entries, then flat tables
 * (identities, digests, parents) and a SHA-256 over all before it. Host byte order: the file never leaves
 * the host whose inodes it names.
 */
export function encodeHashCache(cache: HashCache): Buffer {
  const { identities, digests } = cache.records();
  const trees = cache.trees.snapshots();
  const head: Head = {
    records: digests.length / DIGEST_BYTES,
    trees: trees.map(({ root, sha256, own, owners, version, names }) => ({
      root,
      sha256,
      own,
      owners,
      version,
      entries: names.length,
    })),
    lists: [...cache.accessLists],
  };
  const headText = Buffer.from(JSON.stringify(head));
  // A name holds neither `/` nor NUL.
  const names = Buffer.from(trees.map((tree) => tree.names.join('/')).join('\0'));
  const lengths = Buffer.alloc(LENGTHS_BYTES);
  lengths.writeUInt32LE(headText.length, 0);
  lengths.writeUInt32LE(names.length, 4);
  const padding = Buffer.alloc((ALIGNMENT - ((headText.length + names.length) % ALIGNMENT)) % ALIGNMENT);
  const body = Buffer.concat([
    MAGIC,
    lengths,
    headText,
    names,
    padding,
    asBytes(identities),
    ...trees.map((tree) => asBytes(tree.identities)),
    asBytes(digests),
    ...trees.map((tree) => asBytes(tree.parents)),
  ]);
  return Buffer.concat([body, hash('sha256', body, 'buffer')]);
}

/** The cache that was encoded, or null where the bytes are damaged or of another version. */
export function decodeHashCache(bytes: Buffer): HashCache | null {
  try {
    const body = bytes.subarray(0, bytes.length - DIGEST_BYTES);
    const isWhole = hash('sha256', body, 'buffer').equals(bytes.subarray(body.length));
    if (!isWhole || !body.subarray(0, MAGIC.length).equals(MAGIC)) return null;
    return readBody(body);
  } catch {
    return null;
  }
}

/** The checksum held, so what was written is what is read; only a bug of ours could make this throw. */
function readBody(body: Buffer): HashCache {
  let at = MAGIC.length + LENGTHS_BYTES;
  const take = (length: number) => {
    const part = body.buffer.slice(body.byteOffset + at, body.byteOffset + at + length);
    at += length;
    return part;
  };
  const headLength = body.readUInt32LE(MAGIC.length);
  const namesLength = body.readUInt32LE(MAGIC.length + 4);
  const head: Head = JSON.parse(Buffer.from(take(headLength)).toString());
  const names = Buffer.from(take(namesLength)).toString().split('\0');
  at += (ALIGNMENT - ((headLength + namesLength) % ALIGNMENT)) % ALIGNMENT;
  const identities = new BigInt64Array(take(head.records * IDENTITY_BYTES));
  const ofTrees = head.trees.map(({ entries }) => new BigInt64Array(take(entries * IDENTITY_BYTES)));
  const digests = new Uint8Array(take(head.records * DIGEST_BYTES));
  const cache = HashCache.fromRecords({ identities, digests });
  for (const [index, { entries, ...tree }] of head.trees.entries()) {
    const parents = new Int32Array(take(entries * PARENT_BYTES));
    const own = ofTrees[index] ?? new BigInt64Array();
    cache.trees.restore({ ...tree, names: (names[index] ?? '').split('/'), parents, identities: own });
  }
  for (const [key, known] of head.lists) cache.accessLists.set(key, known);
  return cache;
}

function asBytes(table: Uint8Array | BigInt64Array | Int32Array): Buffer {
  return Buffer.from(table.buffer, table.byteOffset, table.byteLength);
}
