import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { test } from 'node:test';

/** Starts a service whose manager listens at its descriptor 3; `told` grows with what it says. */
function start(env: Readonly<Record<string, string>>) {
  const file = join(import.meta.dirname, 'programs', 'talking-service.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    env,
    stdio: ['pipe', 'inherit', 'inherit', 'pipe'],
  });
  const manager = child.stdio[3] as Readable;
  const heard = { text: '', ended: false };
  manager.setEncoding('utf8').on('data', (text: string) => {
    heard.text += text;
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  /** Resolves once the text is there. */
  const until = (text: string) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!heard.text.includes(text)) return;
        manager.off('data', look);
        resolve();
      };
      manager.on('data', look);
      look();
    });
  return { child, heard, until, ended };
}

test('a service says that it is ready, that it lives, and that it ends', async () => {
  const { child, heard, until, ended } = start({ SEALWATCH_NOTIFY_FD: '3', WATCHDOG_USEC: '1500000' });
  await until('WATCHDOG=1WATCHDOG=1');
  child.stdin?.end('end\n');
  assert.equal(await ended, 0);
  assert.match(heard.text, /^READY=1\nSTATUS=one line(WATCHDOG=1)+STOPPING=1$/);
});

test('the watchdog of another process is none of ours', async () => {
  const env = { SEALWATCH_NOTIFY_FD: '3', WATCHDOG_USEC: '1500000', WATCHDOG_PID: '1' };
  const { child, heard, until, ended } = start(env);
  await until('READY=1');
  setTimeout(() => child.stdin?.end('end\n'), 1_200);
  await ended;
  assert.doesNotMatch(heard.text, /WATCHDOG/);
});

for (const fd of ['99', '0x', '-1', '1.5', '']) {
  test(`a descriptor ${JSON.stringify(fd)} that is no socket is left alone`, async () => {
    const { child, ended } = start({ SEALWATCH_NOTIFY_FD: fd });
    child.stdin?.end('end\n');
    assert.equal(await ended, 0);
  });
}
