import type { GuardError } from '../errors.ts';
import { openEventSourceLink } from './event-source-link.ts';
import type { Link, LinkOptions } from './link.ts';
import type { Outgoing } from './outgoing.ts';
import { faultOf, StatusFault } from './remote-fault.ts';
import { openStreamableLink } from './streamable-link.ts';

/** What an older server answers to a message at the address of its stream (MCP 2025-11-25, "Backwards Compatibility"). */
const OLDER: ReadonlySet<number> = new Set([400, 404, 405]);

/** Opens the link with the first message, and takes the older way where the server answers `initialize` like an older one. */
export class LinkChoice implements Link {
  readonly #options: LinkOptions;
  readonly #open: () => Promise<Link>;
  #opening: Promise<Link> | null = null;
  #link: Link | null = null;
  #closed = false;

  constructor(transport: 'http' | 'sse', options: LinkOptions) {
    this.#options = options;
    this.#open = () => (transport === 'sse' ? openEventSourceLink : openStreamableLink)(options);
  }

  async send(outgoing: Outgoing): Promise<void> {
    try {
      await (await this.#opened()).send(outgoing);
    } catch (error) {
      const fault = faultOf(error);
      if (outgoing.kind !== 'initialize' || !(fault instanceof StatusFault) || !OLDER.has(fault.status))
        throw fault;
      await this.#older(outgoing, fault);
    }
  }

  setProtocolVersion(version: string): void {
    this.#link?.setProtocolVersion(version);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#link?.close();
  }

  /** Where the older way does not open either, the answer over the newer one tells more. */
  async #older(outgoing: Outgoing, fault: GuardError): Promise<void> {
    if (!this.#options.host.awaits(outgoing)) throw fault;
    const newer = this.#link;
    const older = await openEventSourceLink(this.#options).catch(() => {
      throw fault;
    });
    this.#link = older;
    await newer?.close();
    await older.send(outgoing);
  }

  async #opened(): Promise<Link> {
    if (this.#link !== null) return this.#link;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    this.#link = await this.#opening;
    if (this.#closed) await this.#link.close();
    return this.#link;
  }
}
