import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileActors } from '../../../agent/enrich/file-actors.ts';
import { ProcessTable } from '../../../agent/enrich/process-table.ts';
import { Admission } from '../../../agent/resources/admission.ts';
import { agentLoad } from '../../../agent/resources/agent-load.ts';
import type { Pressure } from '../../../agent/resources/pressure.ts';
import type { Health, Loss } from '../../../wire/index.ts';

const room = (percent: number): Pressure => ({
  memory: { used: percent, limit: 100 },
  stalled: 0,
  heap: { used: 1, limit: 100 },
  throttled: 0,
});

function fork(pid: number) {
  return {
    kind: 'process_fork',
    time: 0,
    source: 'ebpf',
    pid,
    ppid: 1,
    start: 1,
    uid: 0,
    member: null,
  } as const;
}

test('the past that is remembered shrinks at once and grows again later', () => {
  const table = new ProcessTable();
  const actors = new FileActors(() => null, 0);
  const begin = (from: number, to: number) => {
    for (let pid = from; pid < to; pid += 1) {
      table.fork(fork(pid));
      table.exit({ kind: 'process_exit', time: 0, source: 'ebpf', pid, start: 1, exit_code: 0, uid: 0 });
      const write = { kind: 'file_write', time: 0, path: `/f${pid}`, pid, start: 1 } as const;
      actors.observe({ ...write, uid: 0, change: 'update' } as unknown as Parameters<
        FileActors['observe']
      >[0]);
    }
  };
  const known = (from: number, to: number) => {
    const pids = Array.from({ length: to - from }, (_, index) => from + index);
    return [
      pids.filter((pid) => table.recent(pid, 1) !== null).length,
      pids.filter((pid) => actors.writerOf(`/f${pid}`) !== null).length,
    ];
  };
  begin(10, 1_010);
  assert.deepEqual(known(10, 1_010), [1_000, 1_000]);
  table.keepEnded(256);
  actors.keep(256);
  assert.deepEqual(known(10, 1_010), [256, 256]);
  assert.deepEqual(known(754, 1_010), [256, 256]);
  begin(2_000, 2_300);
  assert.deepEqual(known(10, 2_300), [256, 256]);
  table.keepEnded();
  actors.keep();
  begin(3_000, 3_300);
  assert.deepEqual(known(10, 3_300), [556, 556]);
});

test('each step reaches the part of the agent that it is about, and what was left out is told with the recovery', () => {
  const did: string[] = [];
  const told: (Health | Loss)[] = [];
  let pressure = room(10);
  const admission = new Admission(
    (loss) => void told.push(loss),
    () => false,
  );
  const load = agentLoad({
    view: { keepHashes: (keeps) => void did.push(`hashes ${keeps}`) },
    watch: { slowDown: (isSlow) => void did.push(`slow ${isSlow}`) },
    processes: { remember: (most) => void did.push(`remember ${most}`) },
    admission,
    own: { receive: (event) => void told.push(event) },
    gauge: { read: () => pressure },
  });
  pressure = room(99);
  load.check();
  assert.deepEqual(did, ['hashes false', 'remember 256', 'slow true']);
  assert.equal(admission.takesOutside(), false);
  pressure = room(10);
  did.length = 0;
  for (let look = 0; look < 18; look += 1) load.check();
  assert.deepEqual(did, ['slow false', 'hashes true', 'remember undefined']);
  assert.equal(admission.takesOutside(), true);
  const kinds = told.map((event) =>
    event.kind === 'health' ? event.state : `${event.stage} ${event.count}`,
  );
  assert.deepEqual(kinds, ['degraded', 'resources 1', 'degraded', 'degraded', 'ok']);
});
