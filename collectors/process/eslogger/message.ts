import * as z from 'zod';

/** Longer paths are cut, and flagged so: a long path must not hide the event. */
const MAX_PATH_CHARACTERS = 16_384;

/** Numbers of processes, users and groups are 32 bits wide. */
const id = z.int().min(0).max(0xffff_ffff);
/** RFC 3339 with up to nanoseconds; becomes milliseconds since the epoch. */
const instant = z.iso.datetime().transform((text) => Date.parse(text));

/** es_file_t; its `stat` is left out: an inode number is beyond what JSON.parse keeps exactly. */
const file = z
  .object({ path: z.string(), path_truncated: z.boolean().default(false) })
  .transform(({ path, path_truncated: cut }) => ({
    path: path.slice(0, MAX_PATH_CHARACTERS),
    cut: cut || path.length > MAX_PATH_CHARACTERS,
  }));

/** audit_token_t: an object, or the eight words as audit_token(3) orders them (seen of a macOS 26 beta). */
const auditToken = z.union([
  z.object({ pid: id, euid: id, egid: id }),
  z.tuple([id, id, id, id, id, id, id, id]).transform(([, euid, egid, , , pid]) => ({ pid, euid, egid })),
]);

const actor = z.object({ audit_token: auditToken, start_time: instant });
const image = actor.extend({ ppid: id, executable: file });

const eventShapes = {
  exec: z.object({
    target: image,
    /** Null where an argument is no text: it must not hide the exec. */
    args: z.array(z.string().nullable().catch(null)),
    cwd: file.nullish(),
    script: file.nullish(),
  }),
  fork: z.object({ child: actor }),
  exit: z.object({ stat: z.int32() }),
  trace: z.object({ target: actor }),
  uipc_connect: z.object({ file }),
} as const;

/** Names of the events that are asked for, as `eslogger --list-events` has them. */
export const ES_EVENTS: readonly string[] = Object.keys(eventShapes);

/**
 * One message: es_message_t of Apple's EndpointSecurity/ESMessage.h, as eslogger(1) of macOS 13 to 26 writes it
 * in JSON. Keys that are not named here, the environment among them, are dropped.
 */
export const messageShape = z.object({
  time: instant,
  process: actor,
  event: z.object(eventShapes).partial(),
});

/** What numbers a message, read apart from it: it holds for messages that cannot be read, too. */
export const numberShape = z.object({
  /** From 0 on, one more with each message of an eslogger; what the kernel drops leaves a gap. */
  global_seq_num: z.int().min(0).nullable().catch(null),
  /** 0 where there is none. */
  schema_version: z.int().min(0).catch(0),
});

export type EsActor = z.infer<typeof actor>;
export type EsFile = z.infer<typeof file>;
export type EsExec = z.infer<typeof eventShapes.exec>;
export type EsBody = z.infer<typeof messageShape>;
