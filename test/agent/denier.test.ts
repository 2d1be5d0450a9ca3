import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Denier } from '../../agent/denier.ts';
import type { KnownServer } from '../../agent/enrich/known-server.ts';
import { ProcessTable } from '../../agent/enrich/process-table.ts';
import type { Stance } from '../../agent/stance.ts';
import type { DenialCode } from '../../approval/index.ts';
import type { Profile } from '../../wire/index.ts';
import { forkEvent } from '../process-events.ts';
import { known } from './samples.ts';

const SERVER = known();
const DENIED: KnownServer = { ...SERVER, verdict: { ...SERVER.verdict, ruling: 'deny' } };

/** A host with living processes by pid and start time; killing takes them away unless it is not allowed. */
class Processes {
  readonly table = new ProcessTable();
  readonly living = new Map<number, number>();
  readonly killed: number[] = [];
  readonly immortal = new Set<number>();

  denier(profile: Profile = 'production'): Denier {
    return this.denierBy({ profile, denial: 'end' });
  }

  denierBy(stance: Stance): Denier {
    return new Denier({
      stance,
      table: this.table,
      startOf: (pid) => this.living.get(pid) ?? null,
      kill: (pid) => {
        if (this.immortal.has(pid)) throw new Error('EPERM');
        this.killed.push(pid);
        this.living.delete(pid);
      },
      userName: String,
    });
  }

  member(pid: number, denied: DenialCode | null = null, start = 10 * pid) {
    this.living.set(pid, start);
    const entry = this.table.fork(forkEvent(pid, 1, { start, uid: 0 }));
    entry.membership = { serverId: SERVER.discovered.server.id, role: 'inside', rootPid: 100 };
    entry.denied = denied;
    return entry;
  }
}

test('every process of a server that is denied is ended, and one fact tells it', () => {
  const host = new Processes();
  for (const pid of [100, 101, 102]) host.member(pid);
  const denier = host.denier('developer');
  assert.deepEqual(denier.reviewed([SERVER]), []);
  const [fact, ...more] = denier.reviewed([DENIED]);
  assert.deepEqual(host.killed, [100, 101, 102]);
  assert.deepEqual(
    [more.length, fact?.fields['mcp.denied_processes'], fact?.fields['mcp.denial']],
    [0, 3, 'ended'],
  );
  assert.deepEqual(denier.joined(host.member(103), DENIED), [], 'what it forks meanwhile is the same deed');
  assert.deepEqual(host.killed, [100, 101, 102, 103]);
});

test('a pid that has another owner by now is left alone', () => {
  const host = new Processes();
  const entry = host.member(100);
  host.living.set(100, 9_999);
  host.denier().joined(entry, DENIED);
  assert.deepEqual(host.killed, []);
});

test('neither init nor the agent itself is ended, and what cannot be ended is told as failed', () => {
  const host = new Processes();
  host.immortal.add(300);
  const denier = host.denier();
  for (const pid of [1, process.pid, 300]) host.member(pid);
  const [fact] = denier.reviewed([DENIED]);
  assert.deepEqual(host.killed, []);
  assert.equal(fact?.fields['mcp.denial'], 'failed');
});

test('a refused program is ended in production only, each with a fact of its own', () => {
  const host = new Processes();
  assert.deepEqual(host.denier('developer').joined(host.member(200, 'DENIED_EXECUTABLE'), SERVER), []);
  const denier = host.denier();
  assert.deepEqual(denier.joined(host.member(201), SERVER), []);
  const facts = [202, 203].flatMap((pid) => denier.joined(host.member(pid, 'DENIED_EXECUTABLE'), SERVER));
  assert.deepEqual(
    facts.map(({ fields }) => [fields['ProcessId'], fields['mcp.policy']]),
    [
      [202, 'DENIED_EXECUTABLE'],
      [203, 'DENIED_EXECUTABLE'],
    ],
  );
  assert.deepEqual(host.killed, [202, 203]);
});

test('a stance that is tightened while it runs counts from the next event on', () => {
  const host = new Processes();
  host.member(100);
  const stance: { -readonly [K in keyof Stance]: Stance[K] } = { profile: 'developer', denial: 'report' };
  const denier = host.denierBy(stance);
  assert.deepEqual(denier.reviewed([DENIED]), []);
  assert.deepEqual(denier.joined(host.member(101, 'DENIED_SHELL'), SERVER), []);
  stance.denial = 'end';
  assert.deepEqual(denier.joined(host.member(102, 'DENIED_SHELL'), SERVER), [], 'developer only reports it');
  stance.profile = 'production';
  denier.joined(host.member(103, 'DENIED_SHELL'), SERVER);
  assert.deepEqual(host.killed, [103]);
  denier.reviewed([DENIED]);
  assert.deepEqual(host.killed, [103, 100, 101, 102]);
});
