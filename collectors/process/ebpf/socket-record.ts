import { SocketAddress } from 'node:net';
import type { ProcessSocket, UnixSocket } from '../../../wire/index.ts';
import { ticksOf } from './exec-record.ts';
import { LAYOUT, SENSOR_SOCKET_KIND } from './layout.ts';

/** include/linux/socket.h */
const AF_INET6 = 10;
/** include/uapi/linux/in.h */
const IPPROTO_UDP = 17;

const ACTIONS: ReadonlyMap<number, ProcessSocket['action']> = new Map([
  [SENSOR_SOCKET_KIND.SENSOR_CONNECT, 'connect'],
  [SENSOR_SOCKET_KIND.SENSOR_LISTEN, 'listen'],
  [SENSOR_SOCKET_KIND.SENSOR_BIND, 'bind'],
]);

/** A record of type SENSOR_SOCKET, of its size; null where its kind is not known. */
export function socketOf(record: Buffer, time: number): ProcessSocket | null {
  const { size, fields } = LAYOUT.sensor_socket;
  const action = ACTIONS.get(record.readUInt16LE(fields.kind));
  if (action === undefined) return null;
  return {
    kind: 'process_socket',
    time,
    source: 'ebpf',
    pid: record.readUInt32LE(fields.pid),
    start: ticksOf(record.readBigUInt64LE(fields.start_ns)),
    uid: record.readUInt32LE(fields.uid),
    action,
    protocol: record.readUInt16LE(fields.protocol) === IPPROTO_UDP ? 'udp' : 'tcp',
    address: addressOf(record.subarray(fields.address, size), record.readUInt16LE(fields.family)),
    port: record.readUInt16LE(fields.port),
  };
}

/** A record of type SENSOR_UNIX_SOCKET, of its size. */
export function unixSocketOf(record: Buffer, time: number): UnixSocket {
  const { size, fields } = LAYOUT.sensor_unix_socket;
  const bytes = Math.min(record.readUInt32LE(fields.path_bytes), size - fields.path);
  const name = record.subarray(fields.path, fields.path + bytes);
  const abstract = name[0] === 0;
  const text = name.toString('utf8', abstract ? 1 : 0);
  return {
    kind: 'unix_socket',
    time,
    source: 'ebpf',
    pid: record.readUInt32LE(fields.pid),
    start: ticksOf(record.readBigUInt64LE(fields.start_ns)),
    uid: record.readUInt32LE(fields.uid),
    // A name in the file system ends at its NUL, an abstract one may hold some: unix(7).
    path: abstract ? `@${text.replace(/\0+$/, '').replaceAll('\0', '@')}` : (text.split('\0', 1)[0] ?? ''),
  };
}

/** The canonical text of an address (RFC 5952); of an IPv4 address in IPv6 (RFC 4291, 2.5.5.2) the IPv4 one. */
function addressOf(bytes: Buffer, family: number): string {
  if (family !== AF_INET6) return bytes.subarray(0, 4).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  const { address } = new SocketAddress({ address: groups.join(':'), family: 'ipv6' });
  return address.replace(/^::ffff:(?=\d+\.)/, '');
}
