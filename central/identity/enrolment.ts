import type { HelloFrame } from '../../wire/index.ts';
import type { AuditLog, Deed } from '../audit/audit-log.ts';
import { DAY_MS, HOUR_MS } from '../limits.ts';
import type { AgentCertificate } from './agent-certificate.ts';
import type { Authority, Issued } from './authority.ts';
import { type CertificateRequest, readCertificateRequest } from './certificate-request.ts';
import type { EnrolledAgent, EnrolledAgents } from './enrolled-agents.ts';
import type { EnrolmentTokens, TokenRecord } from './enrolment-tokens.ts';
import { IdentityRefusal } from './refusal.ts';
import type { IdentitySettings } from './settings.ts';

export interface EnrolmentParts {
  readonly audit: AuditLog;
  readonly authority: Authority;
  readonly tokens: EnrolmentTokens;
  readonly agents: EnrolledAgents;
  readonly settings: Pick<IdentitySettings, 'certificate_hours' | 'reenrol_days' | 'reenrol_groups'>;
  readonly clock: () => number;
}

/** Gives certificates: to who shows a token, and to who proves to hold a certificate of ours. */
export class Enrolment {
  readonly #parts: EnrolmentParts;

  constructor(parts: EnrolmentParts) {
    this.#parts = parts;
  }

  /**
   * A first certificate, for one use of a token. Who asks again with the same key, since the answer was lost, is answered
   * without another use.
   * @throws {IdentityRefusal} csr-invalid, token-…, already-enrolled, revoked
   */
  async enrol(secret: string, pem: string, agent: HelloFrame['agent']): Promise<Issued> {
    const { audit, tokens, agents, authority } = this.#parts;
    const token = await tokens.find(secret);
    const request = await readCertificateRequest(pem);
    if (request.agent !== agent.id)
      throw new IdentityRefusal('csr-invalid', 'the certificate request names another agent');
    const standing = this.#standing(await agents.find(agent.id), token, request);
    if (standing !== 'asks again' && token.uses_left < 1)
      throw new IdentityRefusal('token-used-up', 'the token has no uses left');
    const issued = await authority.issueAgent(agent.id, request.spki, this.#lifeMs);
    const why = { token: token.id, group: token.grp, standing };
    await audit.within(async (transaction) => {
      if (standing !== 'asks again') await tokens.use(transaction, token.id);
      await agents.enrol(transaction, {
        agent,
        group: token.grp,
        token: token.id,
        key: request.key,
        isTakenOver: standing === 'set up anew' || standing === 'readmitted',
      });
      await agents.noteCertificate(transaction, agent.id, issued, this.#keptSince);
      return { answer: null, deed: deedOf('agent.enrol', agent.id, issued, why) };
    });
    return issued;
  }

  /**
   * A new certificate for who proved, in the TLS handshake, to hold one of ours. `generation` is what the last welcome gave.
   * @throws {IdentityRefusal} csr-invalid, certificate-expired, revoked, cloned
   */
  async renew(shown: AgentCertificate, pem: string, generation: string | null): Promise<Issued> {
    const { audit, agents, authority, clock, settings } = this.#parts;
    const lateMs = clock() - shown.expires;
    if (lateMs > settings.reenrol_days * DAY_MS)
      throw new IdentityRefusal(
        'certificate-expired',
        'the certificate ended too long ago: enrol with a token',
      );
    const known = await agents.find(shown.agent);
    if (known !== null) refuseRenewal(known, generation);
    const request = await readCertificateRequest(pem);
    if (request.agent !== shown.agent)
      throw new IdentityRefusal('csr-invalid', 'the certificate request names another agent');
    const issued = await authority.issueAgent(shown.agent, request.spki, this.#lifeMs);
    const detail = { serial_before: shown.serial, late: lateMs > 0, new_key: request.key !== shown.key };
    await audit.within(async (transaction) => {
      await agents.rekey(transaction, shown.agent, request.key);
      await agents.noteCertificate(transaction, shown.agent, issued, this.#keptSince);
      return { answer: null, deed: deedOf('agent.renew', shown.agent, issued, detail) };
    });
    return issued;
  }

  /** On what ground an id may be given to a key. */
  #standing(known: EnrolledAgent | null, token: TokenRecord, request: CertificateRequest): Standing {
    if (known?.revoked) {
      if (token.created > known.revoked) return 'readmitted';
      throw new IdentityRefusal('revoked', 'this agent was revoked, and the token is older than that');
    }
    if (known === null || known.key === null) return 'new';
    if (known.key === request.key) return known.token === token.id ? 'asks again' : 'same key';
    if (this.#parts.settings.reenrol_groups.includes(token.grp)) return 'set up anew';
    throw new IdentityRefusal('already-enrolled', 'another key holds the id of this agent');
  }

  get #lifeMs(): number {
    return this.#parts.settings.certificate_hours * HOUR_MS;
  }

  get #keptSince(): number {
    return this.#parts.clock() - this.#parts.settings.reenrol_days * DAY_MS;
  }
}

function deedOf(action: string, agent: string, { serial }: Issued, detail: Deed['detail']): Deed {
  return { actor: `agent:${agent}`, action, subject: agent, detail: { ...detail, serial } };
}

type Standing = 'new' | 'asks again' | 'same key' | 'set up anew' | 'readmitted';

/** Of an identity that two machines hold, only the one that central last welcomed is renewed. */
function refuseRenewal(known: EnrolledAgent, generation: string | null): void {
  if (known.revoked !== null) throw new IdentityRefusal('revoked', 'this agent was revoked');
  if (known.cloned === null) return;
  const current = [known.generation, known.generation_before].filter((one) => one !== null);
  if (generation === null || !current.includes(generation))
    throw new IdentityRefusal(
      'cloned',
      'another machine holds the identity of this agent: enrol with a token',
    );
}
