// A client of bench:guard: one session, one request after the other.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

const NEWLINE = 0x0a;

/** A session with a server; answers are told by their end of line only, so that reading them costs as little as it can. */
export class Session {
  #child;
  #answered = () => {};
  #held = 0;
  #next = 1;

  constructor([command, ...args], env) {
    this.#child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdout.on('data', (chunk) => {
      this.#held += chunk.length;
      if (chunk.at(-1) !== NEWLINE) return;
      const bytes = this.#held;
      this.#held = 0;
      this.#answered(bytes);
    });
  }

  /** Sends a request; resolves with the bytes of its answer. */
  ask(method, params) {
    const id = this.#next;
    this.#next += 1;
    const answer = new Promise((resolve) => {
      this.#answered = resolve;
    });
    this.#child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    return answer;
  }

  async open() {
    const clientInfo = { name: 'bench', version: '1' };
    await this.ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    this.#child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    await this.ask('tools/list', {});
  }

  /** Milliseconds of each of `count` calls. */
  async calls(count) {
    const times = new Float64Array(count);
    for (let at = 0; at < count; at += 1) {
      const start = performance.now();
      await this.ask('tools/call', { name: 'echo', arguments: { text: 'hello, this is some text' } });
      times[at] = performance.now() - start;
    }
    return times.sort();
  }

  /** Bytes a second of `count` results of `bytes` each. */
  async stream(count, bytes) {
    const start = performance.now();
    let all = 0;
    for (let at = 0; at < count; at += 1)
      all += await this.ask('tools/call', { name: 'big', arguments: { bytes } });
    return (all / (performance.now() - start)) * 1_000;
  }

  /** KiB that the processes between client and server hold for themselves (Pss of smaps_rollup, proc(5)). */
  heldByGuard() {
    const pids = [this.#child.pid, ...programsOf(this.#child.pid)];
    return pids.reduce((sum, pid) => sum + pssOf(pid), 0);
  }

  async close() {
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    await ended;
  }
}

/** The guard's own programs among its children. */
function programsOf(pid) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        return parent === pid && /\(sealwatch-(?:launc|relay)/.test(stat);
      } catch {
        return false;
      }
    })
    .map(Number);
}

function pssOf(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
}
