import type { ArtefactRole } from '../../../wire/index.ts';
import type { ArtefactSet } from '../artefacts.ts';
import type { NpmPackages } from '../packages/npm-packages.ts';
import type { PythonPackages } from '../packages/python-packages.ts';
import type { SealedPackages } from '../packages/sealed-packages.ts';
import type { LaunchPlace } from './expand.ts';
import type { InterpreterGrammar } from './interpreter-grammar.ts';
import type { Launcher } from './launcher.ts';
import type { ScriptTracer } from './trace-script.ts';

/** What one command line turned out to start. */
export interface TracedCommand {
  readonly resolved: string | null;
  readonly launcher: Launcher;
  readonly serverArgs: readonly string[];
  readonly package: string | null;
  readonly script: string | null;
}

export interface Call {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly depth: number;
  /** True inside a shell text: what it runs are helpers of the outer command. */
  readonly nested: boolean;
}

/** A call whose launcher is known: `args` are those after the launcher's own words. */
export interface LaunchCall extends Call {
  /** The words of the launcher: `npm exec`. */
  readonly name: string;
  readonly grammar: InterpreterGrammar | null;
  /** Options between the command and its verb. */
  readonly before: readonly string[];
  readonly resolved: string | null;
}

export type Outcome = Partial<Pick<TracedCommand, 'serverArgs' | 'package' | 'script'>>;

export interface ShellTextOptions {
  /** Directory of the script that the text is of: `$(dirname "$0")`. */
  readonly ownDirectory?: string;
  /** False for the text of a file, whose prose and functions look like commands. */
  readonly isInline?: boolean;
}

/** What the tracers of the launchers share: one command line of one server is followed with it. */
export interface Tracing {
  readonly set: ArtefactSet;
  readonly place: LaunchPlace;
  /** The PATH that the client gives to the server. */
  readonly path: string;
  readonly scripts: ScriptTracer;
  readonly sealed: SealedPackages;
  readonly npm: NpmPackages;
  readonly python: PythonPackages;
  trace(call: Call): TracedCommand;
  shellText(text: string, cwd: string, depth: number, options?: ShellTextOptions): void;
  /** Arguments that name files are helpers; directories and anything else are data. */
  fileArguments(args: readonly string[], cwd: string): void;
  /** A file that the command line itself names; where it is not there it is `unresolved`. */
  namedFile(role: ArtefactRole, text: string, cwd: string): void;
  optionalFile(role: ArtefactRole, word: string, cwd: string): void;
  /** Files that environment variables make a loader or shell read. */
  environment(env: Readonly<Record<string, string>>, cwd: string): void;
}

export type LaunchTracer = (tracing: Tracing, call: LaunchCall) => Outcome;
