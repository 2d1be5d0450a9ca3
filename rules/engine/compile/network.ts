/** An address as a number of 32 or 128 bits. */
interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** Membership of an address in a network; undefined where the text is not a network. */
export function compileCidr(text: string): ((address: string) => boolean) | undefined {
  const [base = '', prefixText, ...rest] = text.trim().split('/');
  const network = parseAddress(base);
  if (network === undefined || rest.length > 0) return undefined;
  if (prefixText !== undefined && !/^\d{1,3}$/.test(prefixText)) return undefined;
  const prefix = prefixText === undefined ? network.bits : Number(prefixText);
  if (prefix > network.bits) return undefined;
  const shift = BigInt(network.bits - prefix);
  const wanted = network.value >> shift;
  return (candidate) => {
    const address = parseAddress(candidate);
    if (address === undefined) return false;
    if (address.bits === network.bits && address.value >> shift === wanted) return true;
    const embedded = unmap(address);
    return embedded !== undefined && network.bits === 32 && embedded >> shift === wanted;
  };
}

/** The IPv4 address inside `::ffff:a.b.c.d` (RFC 4291 section 2.5.5.2): dual-stack sockets report those. */
function unmap(address: Address): bigint | undefined {
  return address.bits === 128 && address.value >> 32n === 0xffffn ? address.value & 0xffffffffn : undefined;
}

function parseAddress(text: string): Address | undefined {
  if (text.length > 64) return undefined;
  return text.includes(':') ? parseV6(text) : parseV4(text);
}

function parseV4(text: string): Address | undefined {
  const octets = text.split('.');
  if (octets.length !== 4) return undefined;
  let value = 0n;
  for (const octet of octets) {
    if (!/^\d{1,3}$/.test(octet) || Number(octet) > 255) return undefined;
    value = (value << 8n) | BigInt(octet);
  }
  return { bits: 32, value };
}

/** IPv6 text (RFC 4291 section 2.2); a zone (`%eth0`) is dropped. */
function parseV6(text: string): Address | undefined {
  const [plain = ''] = text.split('%');
  const halves = plain.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '');
  const tail = parseGroups(halves[1] ?? '');
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  return { bits: 128, value: groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n) };
}

function parseGroups(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const words = text.split(':');
  for (const [index, word] of words.entries()) {
    if (word.includes('.') && index === words.length - 1) {
      const v4 = parseV4(word);
      if (v4 === undefined) return undefined;
      groups.push(Number(v4.value >> 16n), Number(v4.value & 0xffffn));
    } else if (/^[0-9a-f]{1,4}$/i.test(word)) {
      groups.push(Number.parseInt(word, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}
