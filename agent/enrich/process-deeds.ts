import { existsSync } from 'node:fs';
import type {
  ExecRefused,
  FileOpen,
  InodeChange,
  ProcessCredentials,
  ProcessDeed,
  ProcessSocket,
  ProcessTrace,
  UnixSocket,
} from '../../wire/index.ts';
import type { Fact } from '../fact.ts';
import type { Place } from '../state/destinations.ts';
import type { KnownServer } from './known-server.ts';
import type { MountTable } from './mount-table.ts';
import type { PolicyAnswer } from './policy-checks.ts';
import { gainFields, type MemberFact, type ProcessFacts } from './process-facts.ts';
import type { Membership, ProcessEntry, ProcessTable } from './process-table.ts';

export interface ProcessDeedsOptions {
  readonly table: ProcessTable;
  readonly facts: ProcessFacts;
  readonly serverOf: (entry: ProcessEntry) => KnownServer | null;
  /** What a server's approval says of a connection. */
  readonly connectionPolicy: (serverId: string, to: Place) => PolicyAnswer;
  /** Whether a server is seen to connect there for the first time. */
  readonly firstDestination: (known: KnownServer, to: Place) => boolean;
  readonly mounts: MountTable;
  /** Whether a server is seen to open a file for the first time in a week. */
  readonly firstAccess: (known: KnownServer, path: string) => boolean;
}

interface Member {
  readonly entry: ProcessEntry;
  readonly membership: Membership;
  readonly known: KnownServer;
}

/** What processes of servers do beside beginning and ending, as facts; null for all other processes. */
export class ProcessDeeds {
  readonly #options: ProcessDeedsOptions;

  constructor(options: ProcessDeedsOptions) {
    this.#options = options;
  }

  of(event: ProcessDeed | FileOpen | ExecRefused): Fact | null {
    switch (event.kind) {
      case 'process_socket':
        return this.#socket(event);
      case 'unix_socket':
        return this.#unixSocket(event);
      case 'process_trace':
        return this.#trace(event);
      case 'process_credentials':
        return this.#credentials(event);
      case 'inode_change':
        return this.#change(event);
      case 'file_open':
        return this.#open(event);
      case 'exec_refused':
        return this.#refused(event);
    }
  }

  #member(pid: number, start: number | null): Member | null {
    const entry = this.#options.table.recent(pid, start);
    const known = entry === null ? null : this.#options.serverOf(entry);
    if (entry === null || entry.membership === null || known === null) return null;
    return { entry, membership: entry.membership, known };
  }

  #fact(member: Member, time: number, category: MemberFact['category'], fields: MemberFact['fields']): Fact {
    return this.#options.facts.ofMember({ ...member, time, category, fields });
  }

  #socket(event: ProcessSocket): Fact | null {
    const member = this.#member(event.pid, event.start);
    if (member === null) return null;
    const { action, address, port, protocol } = event;
    const place =
      action === 'connect'
        ? {
            Initiated: 'true',
            DestinationIp: address,
            DestinationPort: port,
            ...this.#judged(member, { address, port }),
          }
        : { Initiated: 'false', SourceIp: address, SourcePort: port };
    const fields = { Protocol: protocol, ...place, 'mcp.action': action };
    return this.#fact(member, event.time, 'network_connection', fields);
  }

  #judged({ membership: { role, serverId }, known }: Member, to: Place): MemberFact['fields'] {
    const { connectionPolicy, firstDestination } = this.#options;
    return {
      'mcp.policy': role === 'launcher' ? 'none' : connectionPolicy(serverId, to),
      'mcp.first_destination': firstDestination(known, to),
    };
  }

  #unixSocket(event: UnixSocket): Fact | null {
    const member = this.#member(event.pid, event.start);
    if (member === null || event.path === '') return null;
    const fields = {
      Protocol: 'unix',
      Initiated: 'true',
      'mcp.socket_path': event.path,
      'mcp.action': 'connect',
    };
    return this.#fact(member, event.time, 'network_connection', fields);
  }

  /** Told of the one who controls where he is a member, else of the one who is controlled. */
  #trace(event: ProcessTrace): Fact | null {
    const tracer = this.#member(event.pid, event.start);
    const tracee = this.#member(event.tracee_pid, event.tracee_start);
    const member = tracer ?? tracee;
    if (member === null) return null;
    const { table } = this.#options;
    const source = table.recent(event.pid, event.start);
    const target = table.recent(event.tracee_pid, event.tracee_start);
    const fields = {
      SourceImage: source?.exe ?? null,
      SourceProcessId: event.pid,
      TargetImage: target?.exe ?? null,
      TargetProcessId: event.tracee_pid,
      'mcp.by_member': tracer !== null,
      'mcp.of_member': tracee !== null,
      // A debugger starts what it looks at, or was asked to by the one who started both.
      'mcp.own_child': target !== null && source !== null && target.parent === source,
    };
    return this.#fact(member, event.time, 'process_access', fields);
  }

  #credentials(event: ProcessCredentials): Fact | null {
    const member = this.#member(event.pid, event.start);
    if (member === null) return null;
    const before = { uid: event.uid_before, capabilities: BigInt(`0x${event.capabilities_before}`) };
    const after = { uid: event.uid, capabilities: BigInt(`0x${event.capabilities}`) };
    member.entry.uid = event.uid;
    member.entry.capabilities = after.capabilities;
    const fields = {
      'mcp.change': 'credentials_changed',
      'mcp.in_user_namespace': event.in_user_namespace,
      ...gainFields(before, after, event.in_user_namespace),
    };
    return this.#fact(member, event.time, 'credentials', fields);
  }

  #change(event: InodeChange): Fact | null {
    const member = event.directory ? null : this.#member(event.pid, event.start);
    const path = member === null ? null : this.#options.mounts.pathOf(event.device, event.path);
    if (member === null || path === null) return null;
    // Where the name leads to a file again, another one was put in its place.
    const category = event.removed && !existsSync(path) ? 'file_delete' : 'file_event';
    return this.#fact(member, event.time, category, { TargetFilename: path });
  }

  /** It runs what its parent runs: what it was about to become was refused. */
  #refused(event: ExecRefused): Fact | null {
    const member = this.#member(event.pid, event.start);
    if (member === null) return null;
    const fields = { Image: event.path, 'mcp.change': 'exec_prevented', 'mcp.prevented': 'shell' };
    const fact = this.#fact(member, event.time, 'approval', fields);
    return { ...fact, logsource: { category: 'approval', product: 'mcp' } };
  }

  #open(event: FileOpen): Fact | null {
    const member = this.#member(event.pid, event.start);
    if (member === null) return null;
    // Package runners look for tokens of registries on the way to every server.
    const isFirst =
      member.membership.role !== 'launcher' && this.#options.firstAccess(member.known, event.path);
    const fields = { TargetFilename: event.path, 'mcp.first_access': isFirst };
    return this.#fact(member, event.time, 'file_access', fields);
  }
}
