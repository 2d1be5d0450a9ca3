import { type BigIntStats, lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { Artefact, ArtefactRole, Closure } from '../../wire/index.ts';
import { MAX_ARTEFACTS } from '../limits.ts';
import type { FileFacts } from './files/file-facts.ts';
import type { HashCache } from './files/hash-cache.ts';
import type { AccountNames } from './files/names.ts';
import type { WriterFacts } from './files/writers.ts';
import { sha256Hex } from './jcs.ts';
import { type Anchors, portablePath } from './portable.ts';

/** What a scan shares between the closures it builds. */
export interface HostFacts {
  readonly cache: HashCache;
  readonly files: FileFacts;
  readonly names: AccountNames;
  readonly writers: WriterFacts;
}

const MODE_BITS = 0o7777;

/** Collects the artefacts of one server, each path once, and what has to be watched for them. */
export class ArtefactSet {
  readonly files = new Set<string>();
  readonly trees = new Set<string>();
  readonly #host: HostFacts;
  readonly #anchors: Anchors;
  readonly #artefacts = new Map<string, Artefact>();

  constructor(host: HostFacts, anchors: Anchors) {
    this.#host = host;
    this.#anchors = anchors;
  }

  /** The server's own entry; its digest is of the canonical text, its owner and mode are the file's. */
  addConfig(path: string, realPath: string, canonical: string, key: string): void {
    const stat = lstatSync(realPath);
    this.#put(`config:${path}`, {
      ...this.#ownership(stat, [path, realPath]),
      role: 'config',
      path,
      portable_path: `${portablePath(path, this.#anchors)}#${key}`,
      sha256: sha256Hex(canonical),
    });
  }

  /** Adds a file and answers its real path; a file that is not there is `unresolved`, and null. */
  addFile(role: ArtefactRole, path: string): string | null {
    this.files.add(path);
    const fact = this.#host.files.file(path);
    for (const link of fact.links) this.files.add(link);
    if (fact.kind === 'refused') {
      this.addUnresolved(path, `${role} ${fact.reason}`);
      return null;
    }
    const { realPath, stat, sha256 } = fact;
    if (this.#artefacts.has(realPath)) return realPath;
    this.files.add(realPath);
    this.#put(realPath, {
      ...this.#ownership(plain(stat), [path, realPath]),
      role,
      path: realPath,
      portable_path: portablePath(realPath, this.#anchors),
      sha256,
    });
    return realPath;
  }

  /** Adds an installed package as one digest over its whole tree. */
  addPackage(name: string, directory: string): void {
    this.files.add(join(directory, 'package.json'));
    if (this.#artefacts.has(directory)) return;
    this.trees.add(directory);
    const tree = this.#host.files.tree(directory);
    if ('reason' in tree) {
      this.addUnresolved(directory, `package ${name}: ${tree.reason}`);
      return;
    }
    this.#put(directory, {
      ...this.#ownership(tree.own, [directory]),
      role: 'package',
      path: directory,
      portable_path: `\${package}/${name}`,
      sha256: tree.sha256,
      writable_by: [...this.#host.writers.ofTree(directory, tree)],
    });
  }

  /** A container image pinned by digest. */
  addImage(reference: string, sha256: string): void {
    const facts = { owner: '', mode: '', writable_by: [] };
    this.#put(`image:${reference}`, {
      ...facts,
      role: 'image',
      path: reference,
      portable_path: reference,
      sha256,
    });
  }

  /** `reason` is part of the digest, so it must not name anything of this host. */
  addUnresolved(path: string, reason: string): void {
    this.#putUnresolved(path, reason, {});
  }

  /** The same for what is known not to be on this host yet, e.g. a package that is fetched at the start. */
  addAbsent(path: string, reason: string): void {
    this.#putUnresolved(path, reason, { absent: true });
  }

  #putUnresolved(path: string, reason: string, absence: Pick<Artefact, 'absent'>): void {
    const facts = { owner: '', mode: '', writable_by: [], sha256: null, reason, ...absence };
    const key = `unresolved:${path}:${reason}`;
    this.#put(key, { ...facts, role: 'unresolved', path, portable_path: portablePath(path, this.#anchors) });
  }

  /** The closure digest: SHA-256 over the sorted lines `role \0 portable path \0 sha256 or reason \n`. */
  closure(): Closure {
    const artefacts = [...this.#artefacts.values()];
    const lines = artefacts.map(
      ({ role, portable_path, sha256, reason }) => `${role}\0${portable_path}\0${sha256 ?? reason ?? ''}\n`,
    );
    return { digest: sha256Hex(lines.sort().join('')), artefacts };
  }

  #ownership(stat: Pick<Stats, 'uid' | 'gid' | 'mode'>, paths: readonly string[]) {
    return {
      owner: this.#host.names.user(stat.uid),
      mode: `0${(stat.mode & MODE_BITS).toString(8).padStart(3, '0')}`,
      writable_by: [...this.#host.writers.of(stat, paths)],
    };
  }

  #put(key: string, artefact: Artefact): void {
    if (this.#artefacts.has(key)) return;
    if (this.#artefacts.size < MAX_ARTEFACTS) this.#artefacts.set(key, artefact);
    else this.#artefacts.set('limit', limitReached());
  }
}

function plain({ uid, gid, mode }: BigIntStats): Pick<Stats, 'uid' | 'gid' | 'mode'> {
  return { uid: Number(uid), gid: Number(gid), mode: Number(mode) };
}

function limitReached(): Artefact {
  return {
    role: 'unresolved',
    path: '',
    portable_path: '',
    sha256: null,
    owner: '',
    mode: '',
    writable_by: [],
    reason: `more than ${MAX_ARTEFACTS} artefacts; the others are not sealed`,
  };
}
