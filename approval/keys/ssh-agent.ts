import { type KeyObject, verify } from 'node:crypto';
import { connect } from 'node:net';
import { ApprovalError } from '../errors.ts';
import { keyId, keyOfSshBlob, sshBlobOf, sshFingerprint } from './public-key.ts';
import type { Signer } from './signer.ts';

/** Messages of the agent protocol (draft-ietf-sshm-ssh-agent, section 6.1). */
const MESSAGE = { identities: 11, identitiesAnswer: 12, sign: 13, signAnswer: 14 } as const;
/** Bytes of one answer; OpenSSH's own limit is 256 KiB. */
const MAX_ANSWER_BYTES = 256 * 1024;
const MAX_KEYS = 1_000;
const SIGNATURE_BYTES = 64;
const LIST_TIMEOUT_MS = 5_000;
/** An agent may ask its user to confirm each signature. */
const SIGN_TIMEOUT_MS = 60_000;

/** An Ed25519 key that an agent holds. */
export interface AgentKey {
  readonly id: string;
  readonly fingerprint: string;
  readonly comment: string;
  readonly key: KeyObject;
}

/** The Ed25519 keys of the agent behind a socket; others are passed over. @throws {ApprovalError} */
export async function listAgentKeys(socketPath: string): Promise<readonly AgentKey[]> {
  const answer = await ask(socketPath, Buffer.from([MESSAGE.identities]), LIST_TIMEOUT_MS);
  const reader = new AnswerReader(answer, MESSAGE.identitiesAnswer);
  const count = reader.number();
  if (count > MAX_KEYS) throw failed(`the agent claims ${count} keys`);
  const keys: AgentKey[] = [];
  for (let index = 0; index < count; index += 1) {
    const key = keyOfSshBlob(reader.bytes());
    const comment = reader.bytes().toString('utf8').slice(0, 256);
    if (key !== null) keys.push({ id: keyId(key), fingerprint: sshFingerprint(key), comment, key });
  }
  return keys;
}

/** Signs with a key that an agent holds; what comes back is checked before it is used. */
export function agentSigner(socketPath: string, { id, key, comment }: AgentKey): Signer {
  return {
    id,
    name: `ssh:${comment}`,
    sign: async (message) => {
      const request = [Buffer.from([MESSAGE.sign]), text(sshBlobOf(key)), text(message), Buffer.alloc(4)];
      const answer = await ask(socketPath, Buffer.concat(request), SIGN_TIMEOUT_MS);
      const inner = new AnswerReader(new AnswerReader(answer, MESSAGE.signAnswer).bytes(), null);
      const type = inner.bytes().toString('latin1');
      const signature = inner.bytes();
      // The signature of RFC 8709, section 6, is the raw one of RFC 8032.
      if (
        type !== 'ssh-ed25519' ||
        signature.length !== SIGNATURE_BYTES ||
        !verify(null, message, key, signature)
      )
        throw failed('the agent gave a signature that does not fit');
      return signature;
    },
  };
}

function failed(message: string, cause?: unknown): ApprovalError {
  return new ApprovalError('APPROVAL_KEY_AGENT_FAILED', message, {
    cause,
    hint: 'is the agent running and the key added? see `ssh-add -l`',
  });
}

function text(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** One request, one answer. Whatever the other side does, it ends within the time. */
function ask(socketPath: string, request: Buffer, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const fail = (message: string, cause?: unknown) => end(() => reject(failed(message, cause)));
    const timer = setTimeout(() => fail('the agent does not answer'), timeoutMs);
    let bytes = Buffer.alloc(0);
    socket.on('error', (cause) => fail(`the agent at ${socketPath} cannot be reached`, cause));
    socket.on('close', () => fail('the agent closed the connection'));
    socket.on('connect', () => socket.write(text(request)));
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length < 4) return;
      const length = bytes.readUInt32BE(0);
      if (length === 0 || length > MAX_ANSWER_BYTES) fail(`the agent gave an answer of ${length} bytes`);
      else if (bytes.length >= 4 + length) {
        const answer = bytes.subarray(4, 4 + length);
        end(() => resolve(answer));
      }
    });
  });
}

/** Reads the fields of an answer; one that is too short is refused. */
class AnswerReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer, type: number | null) {
    this.#bytes = bytes;
    if (type === null) return;
    if (bytes[0] !== type) throw failed('the agent refused');
    this.#at = 1;
  }

  number(): number {
    return this.#take(4).readUInt32BE(0);
  }

  bytes(): Buffer {
    return this.#take(this.number());
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw failed('the agent gave an answer that is cut');
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return part;
  }
}
