import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import type { Writable } from 'node:stream';
import type { SensorEnd } from './failure.ts';

const STDERR_CHARACTERS = 4_096;

export interface ConnectionEvents {
  readonly onData: (chunk: Buffer) => void;
  /** Told once, last of all; what is not known of the end is null. */
  readonly onEnd: (end: SensorEnd) => void;
}

/** The way to a kernel sensor. */
export interface SensorConnection {
  /** Of a sensor that is a child. */
  readonly pid: number | undefined;
  /** False where the sensor is a service, which takes its options as a first record. */
  readonly isChild: boolean;
  /** Commands go here; its end is the sensor's. */
  readonly commands: Writable;
  /** Ends it at once, or no longer waits for it. */
  abandon(): void;
}

/** Starts the sensor at `path`, or connects to it where that is the socket of one that is a service. */
export function openSensor(
  path: string,
  options: readonly string[],
  events: ConnectionEvents,
): SensorConnection {
  return isSocket(path) ? connectSensor(path, events) : spawnSensor(path, options, events);
}

/** Whether the socket of a sensor that is a service lies at a path; false where nobody can tell. */
function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}

function spawnSensor(
  path: string,
  options: readonly string[],
  { onData, onEnd }: ConnectionEvents,
): SensorConnection {
  const child = spawn(path, options, {
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: '/',
    env: {},
    // A session of its own: Ctrl-C and hang-ups of our terminal are not for it.
    detached: true,
  });
  let stderr = '';
  child.on('error', (cause) => {
    if (child.pid === undefined) onEnd({ path, isService: false, code: null, signal: null, stderr, cause });
  });
  // A pipe to a sensor that has just died is not an error of its own: `close` tells.
  child.stdin.on('error', () => {});
  child.stdout.on('error', () => {});
  child.stdout.on('data', onData);
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_CHARACTERS);
  });
  child.on('close', (code, signal) => {
    if (child.pid !== undefined) onEnd({ path, isService: false, code, signal, stderr });
  });
  return {
    pid: child.pid,
    isChild: true,
    commands: child.stdin,
    abandon: () => child.kill('SIGKILL'),
  };
}

function connectSensor(path: string, { onData, onEnd }: ConnectionEvents): SensorConnection {
  const socket = connect({ path, allowHalfOpen: true });
  let isOpen = false;
  let cause: Error | undefined;
  socket.on('connect', () => {
    isOpen = true;
  });
  socket.on('error', (error) => {
    if (!isOpen) cause = error;
  });
  socket.on('data', onData);
  // The sensor has gone: nobody reads commands any more.
  socket.on('end', () => socket.destroy());
  socket.on('close', () =>
    onEnd({
      path,
      isService: true,
      code: null,
      signal: null,
      stderr: '',
      ...(cause === undefined ? {} : { cause }),
    }),
  );
  return { pid: undefined, isChild: false, commands: socket, abandon: () => socket.destroy() };
}
