import { readFileSync } from 'node:fs';

/** Names of users and groups of a host, from passwd(5) and group(5). */
export class AccountNames {
  readonly #users = new Map<number, string>();
  readonly #groups = new Map<number, string>();
  /** Groups that hold one user only: writing as the group is writing as that user. */
  readonly #private = new Map<number, string>();

  constructor(passwd: string, group: string) {
    const primary = new Map<number, string[]>();
    for (const [name, , uid, gid] of rows(passwd)) {
      if (name === undefined || !isId(uid) || !isId(gid)) continue;
      if (!this.#users.has(Number(uid))) this.#users.set(Number(uid), name);
      primary.set(Number(gid), [...(primary.get(Number(gid)) ?? []), name]);
    }
    for (const [name, , gid, members = ''] of rows(group)) {
      if (name === undefined || !isId(gid)) continue;
      this.#groups.set(Number(gid), name);
      const all = new Set([...(primary.get(Number(gid)) ?? []), ...members.split(',').filter(Boolean)]);
      const [only] = all;
      if (all.size === 1 && only !== undefined) this.#private.set(Number(gid), only);
    }
  }

  /** Reads /etc/passwd and /etc/group; numbers stand in for names where they cannot be read. */
  static ofHost(): AccountNames {
    return new AccountNames(readOrEmpty('/etc/passwd'), readOrEmpty('/etc/group'));
  }

  user(uid: number): string {
    return this.#users.get(uid) ?? String(uid);
  }

  /** Who writes as a group: the user where it is that user's own group, else `group:NAME`. */
  groupWriter(gid: number): string {
    return this.#private.get(gid) ?? `group:${this.#groups.get(gid) ?? gid}`;
  }
}

function rows(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}

function isId(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,10}$/.test(text);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
