import type { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { AgentIdentity } from '../ingest/session.ts';
import { type AgentCertificate, isGoodAt, readAgentCertificate } from './agent-certificate.ts';
import type { Authority } from './authority.ts';
import type { EnrolledAgents } from './enrolled-agents.ts';
import { IdentityRefusal } from './refusal.ts';

/** Says whose connection it is by the certificate that was shown in its handshake. */
export class Credentials {
  readonly #authority: Authority;
  readonly #agents: EnrolledAgents;
  readonly #clock: () => number;

  constructor(authority: Authority, agents: EnrolledAgents, clock: () => number) {
    this.#authority = authority;
    this.#agents = agents;
    this.#clock = clock;
  }

  /** What the certificate says, also where it has expired, or is not good yet. @throws {IdentityRefusal} no-certificate, certificate-invalid */
  shown(socket: Duplex): AgentCertificate {
    const peer: X509Certificate | undefined =
      socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
    if (peer === undefined) throw new IdentityRefusal('no-certificate', 'no client certificate was shown');
    const read = readAgentCertificate(peer, this.#authority);
    if (read === null)
      throw new IdentityRefusal(
        'certificate-invalid',
        'the client certificate is not one that this central gave an agent',
      );
    return read;
  }

  /**
   * The agent of a connection.
   * @throws {IdentityRefusal} no-certificate, certificate-invalid, certificate-expired, revoked
   */
  async identify(socket: Duplex): Promise<AgentIdentity> {
    const shown = this.shown(socket);
    const { agent, serial } = shown;
    if (!isGoodAt(shown, this.#clock()))
      throw new IdentityRefusal('certificate-expired', 'the client certificate is not good at this time');
    const known = await this.#agents.find(agent);
    if (known !== null && known.revoked !== null)
      throw new IdentityRefusal('revoked', 'this agent was revoked');
    return { agent, group: known?.grp ?? '', serial };
  }
}
