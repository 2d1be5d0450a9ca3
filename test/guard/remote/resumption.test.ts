import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CutProxy } from './cut-proxy.ts';
import { EverythingServer } from './everything-server.ts';
import { FrontedServer } from './fronted-server.ts';

test('a call whose connection is cut while it is carried out is answered once the way is mended', async () => {
  await using server = await EverythingServer.start('streamableHttp');
  await using way = await CutProxy.start(server.url);
  await using fronted = new FrontedServer(way.url, {
    limits: { resumeMs: 50, maxResumeMs: 500, resumes: 20 },
  });
  await fronted.initialize();
  await fronted.send({
    id: 'long',
    method: 'tools/call',
    params: {
      name: 'trigger-long-running-operation',
      arguments: { duration: 0.8, steps: 4 },
      _meta: { progressToken: 'p' },
    },
  });
  const steps: unknown[] = [];
  for (let answered = false; !answered; ) {
    const { id, method, params, result } = await fronted.next();
    if (method === 'notifications/progress') steps.push((params as { readonly progress: unknown }).progress);
    if (steps.length === 1 && id === undefined) {
      way.cut();
      // The server does not join a stream that is resumed to what it sends from then on, so that it has to be done.
      await sleep(1_200);
      way.mend();
    }
    answered = id === 'long';
    if (answered) assert.match(JSON.stringify(result), /completed. Duration: 0.8 seconds, Steps: 4/);
  }
  assert.deepEqual([...new Set(steps)], [1, 2, 3, 4]);
  assert.deepEqual(fronted.faults, []);
});
