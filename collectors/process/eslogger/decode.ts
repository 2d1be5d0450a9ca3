import type { ProcessDeed, ProcessEvent, ProcessExec } from '../../../wire/index.ts';
import { exitCodeOf } from '../ebpf/exec-record.ts';
import { type EsActor, type EsBody, type EsExec, type EsFile, messageShape, numberShape } from './message.ts';

/** Arguments of one exec, as many as the process list gives elsewhere; the rest is cut, and flagged so. */
const MAX_ARGV_CHARACTERS = 131_072;
const MS_PER_TICK = 10;
/** Stands for an argument that is no text. */
const NO_TEXT = '\u{fffd}';

/** A line that tells no event; `why` quotes nothing of it, since arguments and environment hold secrets. */
export interface Unread {
  readonly kind: 'unread';
  readonly why: string;
}

export interface EsMessage {
  /** Number of the message, from 0 on; null where the line does not tell. */
  readonly sequence: number | null;
  /** `schema_version`; 0 where the message has none, null where the line is no message. */
  readonly schema: number | null;
  readonly said: ProcessEvent | ProcessDeed | Unread;
}

/**
 * Reads one line of eslogger(1), without its line feed. `boot` is when the host booted, in milliseconds since the
 * epoch: starts are counted from it. Messages of any schema version are read as far as their fields are there.
 * Never throws. The caller limits the length of the line (MAX_LINE_BYTES); nesting costs no stack.
 *
 * `image` of an exec is null: macOS has no capabilities, and its inode numbers do not survive JSON.parse. So loader
 * variables have no place in the event, and the environment is not read at all.
 */
export function decodeLine(line: string, boot: number): EsMessage {
  const json = jsonOf(line);
  const numbers = numberShape.safeParse(json);
  if (!numbers.success) return { sequence: null, schema: null, said: unread('no JSON object') };
  const { global_seq_num: sequence, schema_version: schema } = numbers.data;
  const message = messageShape.safeParse(json);
  if (message.success) return { sequence, schema, said: eventOf(message.data, boot) };
  const place = message.error.issues[0]?.path.join('.') ?? '';
  return { sequence, schema, said: unread(`${place} is missing or of another kind`) };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function unread(why: string): Unread {
  return { kind: 'unread', why };
}

function eventOf({ time, process, event }: EsBody, boot: number): ProcessEvent | ProcessDeed | Unread {
  const base = { time, source: 'eslogger' } as const;
  const self = identityOf(process, boot);
  const uid = process.audit_token.euid;
  const { exec, fork, exit, trace, uipc_connect: connect } = event;
  if (exec !== undefined) return execOf(exec, time, boot);
  if (fork !== undefined) {
    const child = identityOf(fork.child, boot);
    const childUid = fork.child.audit_token.euid;
    return { kind: 'process_fork', ...base, ...child, ppid: self.pid, uid: childUid, member: null };
  }
  if (exit !== undefined)
    return { kind: 'process_exit', ...base, ...self, exit_code: exitCodeOf(exit.stat), uid };
  if (trace !== undefined) {
    const { pid, start } = identityOf(trace.target, boot);
    return { kind: 'process_trace', ...base, ...self, uid, tracee_pid: pid, tracee_start: start };
  }
  if (connect !== undefined) return { kind: 'unix_socket', ...base, ...self, uid, path: connect.file.path };
  return unread('it holds no event that was asked for');
}

/** Who a process is; its start in clock ticks since boot, of which there are 100 a second. */
function identityOf({ audit_token, start_time }: EsActor, boot: number) {
  const start = Math.max(0, Math.floor((start_time - boot) / MS_PER_TICK));
  return { pid: audit_token.pid, start };
}

function execOf({ target, args, cwd, script }: EsExec, time: number, boot: number): ProcessExec {
  const argv = cutArguments(args);
  const isCut = (path: EsFile | null | undefined): boolean => path?.cut === true;
  const anyCut = isCut(target.executable) || isCut(cwd) || isCut(script);
  return {
    kind: 'process_exec',
    time,
    source: 'eslogger',
    ...identityOf(target, boot),
    ppid: target.ppid,
    uid: target.audit_token.euid,
    gid: target.audit_token.egid,
    exe: target.executable.path,
    script: script?.path ?? null,
    argv,
    cwd: isCut(cwd) ? null : (cwd?.path ?? null),
    truncated: anyCut || argv.length < args.length || args.includes(null) || argv.at(-1) !== args.at(-1),
    image: null,
  };
}

/** As many arguments as fit the limit, each taken for one character more than it has; the last may be cut inside. */
function cutArguments(args: readonly (string | null)[]): readonly string[] {
  const kept: string[] = [];
  let room = MAX_ARGV_CHARACTERS;
  for (const given of args) {
    if (room <= 0) break;
    const arg = given ?? NO_TEXT;
    kept.push(arg.slice(0, room));
    room -= arg.length + 1;
  }
  return kept;
}
