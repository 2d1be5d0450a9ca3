import type { Artefact, Finding, Profile, Severity } from '../../wire/index.ts';
import type { LaunchSpec } from '../closure/launch/launcher.ts';
import type { ServerEntry } from '../config/entry.ts';
import type { ConfigValue } from '../config/value.ts';
import { FINDING_KINDS, type FindingId } from './catalogue.ts';

/** What the findings of one server are judged from. */
export interface Posture {
  readonly entry: ServerEntry;
  /** The entry as parsed, for fields that are not normalised. */
  readonly raw: ConfigValue;
  readonly launch: LaunchSpec | null;
  readonly artefacts: readonly Artefact[];
  /** Name of the user that the server runs as; `*` for a config that counts for all. */
  readonly user: string;
  readonly uid: number;
  readonly home: string;
  /** The config file is a symlink, or lies behind one. */
  readonly configLinked: boolean;
  readonly profile: Profile;
  /** The environment that the client would hand on; empty where it is not known for this user. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /** The PATH by which the launcher was looked for. */
  readonly searchPath: string;
  /** Who may add or replace files in a directory, beyond root; see Writers.ofPlace. */
  readonly writersOf: (directory: string) => readonly string[];
  readonly isExecutable: (path: string) => boolean;
}

/** A rule of posture: the defects of one kind. */
export type Judge = (posture: Posture) => readonly Finding[];

/** One finding, with the catalogue's words; `severity` only where it differs from the catalogue's. */
export function finding(
  id: FindingId,
  message: string,
  severity: Severity = FINDING_KINDS[id].severity,
): Finding {
  const { why, fix, tags } = FINDING_KINDS[id];
  return { id, severity, message, why, fix, tags };
}

/** Base name of a command without a Windows extension, in lower case. */
export function commandName(command: string): string {
  const name = command.slice(Math.max(command.lastIndexOf('/'), command.lastIndexOf('\\')) + 1);
  return name.replace(/\.(?:exe|cmd|bat|com)$/i, '').toLowerCase();
}

/** `a, b and 3 more`; for messages. */
export function listed(names: readonly string[], most = 3): string {
  const unique = [...new Set(names)];
  const shown = unique.slice(0, most).join(', ');
  return unique.length > most ? `${shown} and ${unique.length - most} more` : shown;
}
