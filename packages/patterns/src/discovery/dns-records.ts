/**
 * Questions and replies of the Domain Name System as data, in the shape that `dns-packet` encodes: names without the dot at the end, `type`, `class`, `ttl`
 * in seconds, `data`. Types and classes by their mnemonics (RFC 1035, 2782, 3596).
 */

interface RecordOf<Type extends string, Data> {
  readonly type: Type;
  readonly class: 'IN';
  readonly name: string;
  /** Seconds. */
  readonly ttl: number;
  readonly data: Data;
}

export interface SrvData {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

export interface SoaData {
  readonly mname: string;
  readonly rname: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

export type DnsRecord =
  | RecordOf<'A' | 'AAAA' | 'NS' | 'PTR', string>
  | RecordOf<'SRV', SrvData>
  /** Strings of at most 255 bytes. */
  | RecordOf<'TXT', readonly string[]>
  | RecordOf<'SOA', SoaData>
  | RecordOf<'HINFO', { readonly cpu: string; readonly os: string }>;

export interface DnsQuestion {
  /** With or without the dot at the end, in any case. */
  readonly name: string;
  readonly type: string;
  /** `IN` when absent. */
  readonly class?: string;
}

/** RFC 8914: why an answer is as it is. */
export interface ExtendedDnsError {
  readonly code: 3 | 19 | 22;
  readonly text: string;
}

export interface DnsReply {
  readonly rcode: 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED';
  readonly isAuthoritative: boolean;
  /** TC: not all of the answers fit; ask again over TCP. */
  readonly isTruncated: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
  /** There are more instances than `answersMax`: a part is given, by chance. That is no truncation. */
  readonly isPartial: boolean;
  /** Too few were healthy, so health was disregarded. */
  readonly isPanic: boolean;
  /** The registry could not be heard; this is what was known `ageMs` ago. */
  readonly isStale: boolean;
  readonly ageMs: number;
  readonly extendedErrors: readonly ExtendedDnsError[];
}
