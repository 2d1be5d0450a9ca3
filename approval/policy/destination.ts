import { BlockList, isIP, isIPv4, isIPv6, SocketAddress } from 'node:net';
import { domainToASCII } from 'node:url';

const FORMS =
  '`host`, `*.host`, an address, or a range in CIDR notation, each with or without `:port`; IPv6 in brackets';
const SHAPE = /^(?:\[(?<v6>[^\]]+)\]|(?<plain>[^:[\]]+))(?::(?<port>\d{1,5}))?$/;

interface Parsed {
  readonly port: number | null;
  readonly target:
    | { readonly kind: 'range'; readonly address: string; readonly bits: number }
    | { readonly kind: 'name'; readonly name: string; readonly below: boolean };
}

/** What a server connects to. */
export interface Destination {
  /** Names that are known to stand for the address, or that were asked for. */
  readonly names: readonly string[];
  /** Null where only a name is known. */
  readonly address: string | null;
  readonly port: number;
}

/** What is wrong with a destination pattern; null where nothing is. */
export function destinationFault(text: string): string | null {
  const parsed = parse(text);
  return typeof parsed === 'string' ? parsed : null;
}

function parse(text: string): Parsed | string {
  const { v6, plain, port } = SHAPE.exec(text)?.groups ?? {};
  const host = v6 ?? plain;
  if (host === undefined) return `must be ${FORMS}`;
  const number = port === undefined ? null : Number(port);
  if (number !== null && (number < 1 || number > 65_535)) return 'a port is a number from 1 to 65535';
  const [address = '', bits, ...more] = host.split('/');
  if (isIP(address) !== 0 || v6 !== undefined || bits !== undefined) {
    const widest = isIPv4(address) ? 32 : 128;
    const length = bits === undefined ? widest : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    const family = v6 === undefined ? 4 : 6;
    if (isIP(address) !== family || more.length > 0) return `must be ${FORMS}`;
    if (length < 0 || length > widest) return `a range of IPv${family} has 0 to ${widest} bits`;
    return { port: number, target: { kind: 'range', address, bits: length } };
  }
  const below = host.startsWith('*.');
  const name = hostName(below ? host.slice(2) : host);
  if (name === null) return 'not a host name';
  return { port: number, target: { kind: 'name', name, below } };
}

/** A host name as it is compared: ASCII (RFC 5891), lower case, no dot at the end. Null for what is none. */
function hostName(text: string): string | null {
  const name = domainToASCII(text).replace(/\.$/, '');
  return /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/.test(name) &&
    isIP(name) === 0
    ? name
    : null;
}

interface Rule {
  readonly port: number | null;
  readonly matches: (destination: {
    readonly names: readonly string[];
    readonly address: string | null;
  }) => boolean;
}

/** An address in one form; an IPv4 address written in IPv6 (RFC 4291, 2.5.5.2) is the IPv4 address that it is. */
export function plainAddress(address: string | null): string | null {
  if (address === null || isIP(address) === 0) return null;
  if (!isIPv6(address)) return address;
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address;
  const mapped = canonical.replace(/^::ffff:/, '');
  return isIPv4(mapped) ? mapped : canonical;
}

/** Destination patterns of one policy. */
export class DestinationPatterns {
  readonly #rules: readonly Rule[];

  constructor(patterns: readonly string[]) {
    this.#rules = patterns.flatMap((text) => {
      const parsed = parse(text);
      return typeof parsed === 'string' ? [] : [ruleOf(parsed)];
    });
  }

  match({ names, address, port }: Destination): boolean {
    const known = names.map(hostName).filter((name) => name !== null);
    const plain = plainAddress(address);
    return this.#rules.some(
      (rule) => (rule.port === null || rule.port === port) && rule.matches({ names: known, address: plain }),
    );
  }
}

function ruleOf({ port, target }: Parsed): Rule {
  if (target.kind === 'name') {
    const { name, below } = target;
    const holds = (known: string) => (below ? known.endsWith(`.${name}`) : known === name);
    return { port, matches: ({ names }) => names.some(holds) };
  }
  const range = new BlockList();
  range.addSubnet(target.address, target.bits, isIPv4(target.address) ? 'ipv4' : 'ipv6');
  return {
    port,
    matches: ({ address }) => address !== null && range.check(address, isIPv4(address) ? 'ipv4' : 'ipv6'),
  };
}
