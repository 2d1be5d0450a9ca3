import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { verify } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { ApprovalError } from '../../../approval/errors.ts';
import { openSigner } from '../../../approval/keys/key-choice.ts';
import { agentSigner, listAgentKeys } from '../../../approval/keys/ssh-agent.ts';
import { haveProgram } from '../../debian-package.ts';
import { TempDirectory } from '../../temp-directory.ts';

const failed = (error: unknown) =>
  error instanceof ApprovalError && error.code === 'APPROVAL_KEY_AGENT_FAILED';

test('a key of a real OpenSSH agent signs, by its comment or its fingerprint', async (context) => {
  if (!haveProgram('ssh', 'openssh-client', '-V')) return context.skip('ssh-agent cannot be installed here');
  using directory = new TempDirectory();
  const socket = directory.at('agent.sock');
  const said = execFileSync('ssh-agent', ['-a', socket], { encoding: 'utf8' });
  const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(said)?.[1]);
  try {
    const env = { ...process.env, SSH_AUTH_SOCK: socket };
    for (const [name, type] of [
      ['alice', 'ed25519'],
      ['old', 'rsa'],
    ] as const) {
      execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', name, '-f', directory.at(name)]);
      execFileSync('ssh-add', ['-q', directory.at(name)], { env, stdio: 'ignore' });
    }
    const [key, ...others] = await listAgentKeys(socket);
    assert.ok(key !== undefined && others.length === 0);
    const listed = execFileSync('ssh-keygen', ['-lf', directory.at('alice.pub')], { encoding: 'utf8' });
    assert.ok(listed.includes(`${key.fingerprint} alice`), listed);
    const source = { stateDir: directory.path, systemDirectory: null, agentSocket: socket };
    for (const name of ['ssh:alice', `ssh:${key.fingerprint}`]) {
      const signer = await openSigner(name, source);
      assert.ok(verify(null, Buffer.from('message'), key.key, await signer.sign(Buffer.from('message'))));
      assert.equal(signer.id, key.id);
    }
    await assert.rejects(
      openSigner('ssh:bob', source),
      (error) => error instanceof ApprovalError && error.code === 'APPROVAL_KEY_UNKNOWN',
    );
  } finally {
    process.kill(pid);
  }
});

/** Something that listens where an agent should, and answers as it is told. */
async function withFake(
  answer: (socket: Socket) => void,
  use: (path: string) => Promise<void>,
): Promise<void> {
  using directory = new TempDirectory();
  const path = directory.at('fake.sock');
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    await use(path);
  } finally {
    server.close();
  }
}

test('whatever an agent answers, it ends in a refusal', async () => {
  const number = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const answers = [
    Buffer.concat([number(0xffff_ffff), Buffer.from('x')]),
    number(0),
    Buffer.concat([number(1), Buffer.from([5])]),
    Buffer.concat([number(5), Buffer.from([12]), number(0xffff_ffff)]),
    Buffer.concat([number(9), Buffer.from([12]), number(3), number(9_999)]),
    Buffer.alloc(0),
  ];
  for (const bytes of answers) {
    await withFake(
      (socket) => socket.end(bytes),
      (path) => assert.rejects(listAgentKeys(path), failed),
    );
  }
  await assert.rejects(listAgentKeys('/nowhere/agent.sock'), failed);
});

test('a signature that does not fit is not passed on', async () => {
  using directory = new TempDirectory();
  const { createKey } = await import('../../../approval/keys/key-files.ts');
  const { signer, publicKey } = createKey(directory.path, 'a');
  const text = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const signature = text(Buffer.concat([text(Buffer.from('ssh-ed25519')), text(Buffer.alloc(64))]));
  const message = Buffer.concat([Buffer.from([14]), signature]);
  await withFake(
    (socket) => socket.end(text(message)),
    async (path) => {
      const key = { id: signer.id, fingerprint: '', comment: 'a', key: publicKey };
      await assert.rejects(agentSigner(path, key).sign(Buffer.from('message')), failed);
    },
  );
});
