/** IP addresses in text, read strictly, and their names in the reverse tree. */

export interface IpAddress {
  readonly family: 4 | 6;
  /** 4 or 16 numbers below 256. */
  readonly bytes: readonly number[];
}

/** RFC 4291, section 2.2, and dotted IPv4; undefined for anything else: no leading zeros, no zone index, no prefix length. */
export function parseIpAddress(text: string): IpAddress | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** `1.2.0.192.in-addr.arpa` (RFC 1035, section 3.5), or 32 nibbles below `ip6.arpa` (RFC 3596, section 2.5). The same for all spellings of an address. */
export function reverseName({ family, bytes }: IpAddress): string {
  if (family === 4) return `${bytes.toReversed().join('.')}.in-addr.arpa`;
  const nibbles = bytes.flatMap((byte) => [byte >>> 4, byte & 15]);
  return `${nibbles
    .reverse()
    .map((nibble) => nibble.toString(16))
    .join('.')}.ip6.arpa`;
}

function parseIpv4(text: string): IpAddress | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined;
  return { family: 4, bytes: parts.map(Number) };
}

function parseIpv6(text: string): IpAddress | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(groupsOf);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])];
  return { family: 6, bytes: groups.flatMap((group) => [group >>> 8, group & 255]) };
}

/** The 16-bit groups of one side of `::`; the last may be a dotted IPv4 address. Undefined when it is none. */
function groupsOf(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [at, part] of parts.entries()) {
    const dotted = at === parts.length - 1 && part.includes('.') ? parseIpv4(part) : undefined;
    if (dotted !== undefined) {
      const [a, b, c, d] = dotted.bytes as [number, number, number, number];
      groups.push(a * 256 + b, c * 256 + d);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
