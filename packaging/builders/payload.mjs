// Files of a package by their path, before they are in any format.
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const FILE = 0o644;
const DIRECTORY = 0o755;
/** The mode of programs. */
export const EXECUTABLE = 0o755;

/** Files and links of a package; paths are relative to the root of the host, or of an archive. */
export class Payload {
  #entries = new Map();

  /** Adds a file with this content: text or bytes. */
  addContent(path, content, mode = FILE) {
    this.#add(path, { content: Buffer.from(content), mode });
  }

  /** Adds a file of the disk as it is when the payload is written; executable where asked for. */
  addFile(path, from, mode = FILE) {
    this.#add(path, { from, mode });
  }

  addLink(path, target) {
    this.#add(path, { target });
  }

  /** Adds all of another payload below a directory, or those of its paths that are wanted. */
  addAll(below, payload, isWanted = () => true) {
    for (const path of payload.paths().filter(isWanted))
      this.#add(join(below, path), payload.#entries.get(path));
  }

  /** Adds what it has already once more, under another path and mode. */
  addCopy(path, of, mode) {
    this.#add(path, { ...this.#entries.get(of), mode });
  }

  /** A copy in which a file comes from where `place` says; it gets path and bytes, and gives null for what stays. */
  withFilesFrom(place) {
    const copy = new Payload();
    for (const [path, entry] of this.#entries) {
      const from = entry.target === undefined ? place(path, this.read(path)) : null;
      copy.#add(path, from === null ? entry : { from, mode: entry.mode });
    }
    return copy;
  }

  #add(path, entry) {
    if (this.#entries.has(path)) throw new Error(`${path} is in the package twice`);
    this.#entries.set(path, entry);
  }

  /** Paths in the order of UTF-16, as the manifest has them. */
  paths() {
    return [...this.#entries.keys()].sort();
  }

  /** Directories that hold its files, outermost first. */
  directories() {
    const found = new Set();
    for (const path of this.#entries.keys()) {
      for (let at = dirname(path); at !== '.'; at = dirname(at)) found.add(at);
    }
    return [...found].sort();
  }

  /** Bytes of a file; none for a link. */
  read(path) {
    const { content, from } = this.#entries.get(path);
    if (from !== undefined) return readFileSync(from);
    return content ?? Buffer.alloc(0);
  }

  /** Bytes of a file on the disk; 0 for a link. */
  size(path) {
    const { content, from } = this.#entries.get(path);
    if (from !== undefined) return statSync(from).size;
    return content?.length ?? 0;
  }

  isExecutable(path) {
    return (this.#entries.get(path).mode & 0o111) !== 0;
  }

  /** `f`, or `l` for a link, and the mode in octal: `f 0644`. */
  kind(path) {
    const { target, mode } = this.#entries.get(path);
    return target === undefined ? `f ${mode.toString(8).padStart(4, '0')}` : 'l 0777';
  }

  /** Writes it below a directory; each entry gets the time `epoch`, in seconds since 1970. */
  write(directory, epoch) {
    for (const path of this.paths()) {
      const at = join(directory, path);
      mkdirSync(dirname(at), { recursive: true });
      const { content, from, target, mode } = this.#entries.get(path);
      if (target !== undefined) symlinkSync(target, at);
      else if (from !== undefined) copyFileSync(from, at);
      else writeFileSync(at, content);
      if (mode !== undefined) chmodSync(at, mode);
    }
    settle(directory, epoch);
  }
}

/** Gives every directory the same mode and all that is in it the same time, whatever the builder's umask and clock. */
function settle(directory, epoch) {
  for (const name of readdirSync(directory)) {
    const at = join(directory, name);
    if (lstatSync(at).isDirectory()) settle(at, epoch);
    lutimesSync(at, epoch, epoch);
  }
  chmodSync(directory, DIRECTORY);
  lutimesSync(directory, epoch, epoch);
}
