import { join } from 'node:path';
import { readRegular } from '../../config/read.ts';
import { MAX_IMAGE_INDEX_BYTES } from '../../limits.ts';
import { realPathOf } from '../launch/find-executable.ts';
import { listDirectory } from './npm-places.ts';
import { record } from './package-graph.ts';

const DIGEST = /^(?:sha256:)?([0-9a-f]{64})$/;
const DEFAULT_REGISTRY = 'docker.io';
const DEFAULT_NAMESPACE = 'library';

/**
 * What the files of local engines tell of image digests: Docker's `repositories.json` (classic image
 * store; the containerd store keeps a database instead) and Podman's `images.json`.
 */
export class ImageStore {
  /** Index files that were looked for. */
  readonly files: readonly string[];

  constructor(systemRoot: string, home: string | null) {
    const docker = [
      join(systemRoot, 'var/lib/docker'),
      ...(home === null ? [] : [join(home, '.local/share/docker')]),
    ];
    const podman = [
      join(systemRoot, 'var/lib/containers/storage'),
      ...(home === null ? [] : [join(home, '.local/share/containers/storage')]),
    ];
    this.files = [
      ...docker.flatMap((root) => {
        const drivers = listDirectory(join(root, 'image'));
        return (drivers.length > 0 ? drivers : ['overlay2']).map((driver) =>
          join(root, 'image', driver, 'repositories.json'),
        );
      }),
      ...podman.map((root) => join(root, 'overlay-images', 'images.json')),
    ];
  }

  /** Hex digits of the SHA-256 of an image, or null where no engine here has it or its files are closed. */
  digestOf(reference: string): string | null {
    const wanted = fullReference(reference);
    for (const file of this.files) {
      const index = readIndex(file);
      const digest = Array.isArray(index) ? podmanDigest(index, wanted) : dockerDigest(index, wanted);
      if (digest !== null) return digest;
    }
    return null;
  }
}

function dockerDigest(index: unknown, wanted: string): string | null {
  for (const tags of Object.values(record(record(index)['Repositories']))) {
    for (const [name, id] of Object.entries(record(tags))) {
      if (fullReference(name) === wanted && typeof id === 'string') return DIGEST.exec(id)?.[1] ?? null;
    }
  }
  return null;
}

function podmanDigest(index: readonly unknown[], wanted: string): string | null {
  for (const item of index) {
    const { names, digest } = record(item);
    const isNamed = Array.isArray(names) && names.some((name) => fullReference(String(name)) === wanted);
    if (isNamed && typeof digest === 'string') return DIGEST.exec(digest)?.[1] ?? null;
  }
  return null;
}

/** `x` is `docker.io/library/x:latest` (github.com/distribution/reference, normalize.go). */
function fullReference(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const path = hasRegistry ? rest.join('/') : reference;
  const named = !hasRegistry && rest.length === 0 ? `${DEFAULT_NAMESPACE}/${path}` : path;
  const tagged = /:[^/]*$/.test(named) ? named : `${named}:latest`;
  return `${hasRegistry ? first : DEFAULT_REGISTRY}/${tagged}`;
}

function readIndex(path: string): unknown {
  try {
    const real = realPathOf(path);
    return real === null
      ? null
      : JSON.parse(readRegular(real, MAX_IMAGE_INDEX_BYTES)?.toString('utf8') ?? 'null');
  } catch {
    return null;
  }
}
