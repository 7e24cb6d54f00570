/**
 * Ketama: the hash ring of memcached's clients, placed exactly as libmemcached places it, so that caches that other clients filled are found.
 * Rules: libmemcached 1.1, `update_continuum` (libmemcached/hosts.cc) and `dispatch_host` (hash.cc).
 *
 *   'weighted'      160 points per server on average, by weight; four from each MD5 of "host-i" or "host:port-i"
 *                   (MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED; also what the `ketama` library of last.fm does).
 *   'spymemcached'  the same with "/host:port-i" (MEMCACHED_DISTRIBUTION_CONSISTENT_KETAMA_SPY).
 *   'unweighted'    100 points per server, one from each MD5 (MEMCACHED_BEHAVIOR_KETAMA with MEMCACHED_HASH_MD5). Weights are not looked at.
 *
 * For a ring of your own use `HashRing`: MD5 costs more than the lookup. Immutable.
 */
import { md5 } from '../integrity/md5.ts';

export interface KetamaServer {
  readonly host: string;
  /** 11211 when absent; it is then not part of the hashed name, but for spymemcached. 0 of a Unix socket, whose path is the host: it is part of the name. */
  readonly port?: number;
  /** A whole number from 1 on; 1 when absent. */
  readonly weight?: number;
}

export type KetamaMode = 'weighted' | 'spymemcached' | 'unweighted';

export interface KetamaPoint {
  /** Where on the circle: an unsigned 32-bit integer. */
  readonly point: number;
  readonly server: KetamaServer;
}

export const KETAMA_SERVERS_MAX = 65_535;

const DEFAULT_PORT = 11_211;
const POINTS_WEIGHTED = 160;
const POINTS_UNWEIGHTED = 100;
const POINTS_PER_DIGEST = 4;

export class Ketama {
  /** As given: the order decides between servers whose points fall together. */
  readonly servers: readonly KetamaServer[];
  readonly mode: KetamaMode;
  readonly #points: Uint32Array;
  readonly #owners: Uint16Array;

  private constructor(servers: readonly KetamaServer[], mode: KetamaMode) {
    this.servers = servers;
    this.mode = mode;
    // A point and its owner in one number, so that a typed array can sort them: 32 + 16 bits. Ties go to the earlier server, as there.
    const packed: number[] = [];
    const totalWeight = servers.reduce((sum, { weight = 1 }) => sum + weight, 0);
    servers.forEach((server, owner) => {
      const digests = digestsOf(server, mode, totalWeight, servers.length);
      const perDigest = mode === 'unweighted' ? 1 : POINTS_PER_DIGEST;
      for (let i = 0; i < digests; i++) {
        md5Into(`${nameOf(server, mode)}-${i}`);
        for (let word = 0; word < perDigest; word++) packed.push((digest[word]! >>> 0) * 65_536 + owner);
      }
    });
    const sorted = Float64Array.from(packed).sort();
    this.#points = Uint32Array.from(sorted, (entry) => Math.floor(entry / 65_536));
    this.#owners = Uint16Array.from(sorted, (entry) => entry % 65_536);
  }

  /** O(points · log points). `RangeError` without servers, with more than 65,535, and for a port or weight that is none. */
  static of(servers: readonly KetamaServer[], mode: KetamaMode = 'weighted'): Ketama {
    if (servers.length === 0 || servers.length > KETAMA_SERVERS_MAX)
      throw new RangeError(`ketama needs 1 to ${KETAMA_SERVERS_MAX} servers, got ${servers.length}`);
    for (const { host, port = DEFAULT_PORT, weight = 1 } of servers) {
      if (!Number.isInteger(weight) || weight < 1)
        throw new RangeError(`the weight of ${JSON.stringify(host)} must be a whole number from 1 on, got ${weight}`);
      if (!Number.isInteger(port) || port < 0 || port > 65_535)
        throw new RangeError(`the port of ${JSON.stringify(host)} must be a whole number from 0 to 65535, got ${port}`);
    }
    return new Ketama([...servers], mode);
  }

  /** Where a key is hashed to: the first four bytes of its MD5, low byte first, as an unsigned integer. Keys are hashed as UTF-8. */
  static hashOf(key: string): number {
    md5Into(key);
    return digest[0]! >>> 0;
  }

  /** The server of a key. O(log points); allocates nothing for a key of ASCII characters. */
  serverOf(key: string): KetamaServer {
    return this.servers[this.#owners[this.#pointAt(Ketama.hashOf(key))]!]!;
  }

  /** The first point at or after `hash` on the circle. */
  pointOf(hash: number): KetamaPoint {
    const at = this.#pointAt(hash);
    return { point: this.#points[at]!, server: this.servers[this.#owners[at]!]! };
  }

  /** The whole continuum, ascending. */
  continuum(): KetamaPoint[] {
    return Array.from(this.#points, (point, i) => ({ point, server: this.servers[this.#owners[i]!]! }));
  }

  #pointAt(hash: number): number {
    const points = this.#points;
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (points[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    return low === points.length ? 0 : low;
  }
}

function nameOf({ host, port = DEFAULT_PORT }: KetamaServer, mode: KetamaMode): string {
  if (mode === 'spymemcached') return `/${host}:${port}`;
  return port === DEFAULT_PORT ? host : `${host}:${port}`;
}

/** How many names of a server are hashed. In single precision, as there: in double precision some servers would have four points more. */
function digestsOf({ weight = 1 }: KetamaServer, mode: KetamaMode, totalWeight: number, servers: number): number {
  if (mode === 'unweighted') return POINTS_UNWEIGHTED;
  const { fround } = Math;
  const part = fround(fround(weight) / fround(totalWeight));
  const perServer = fround(fround(part * POINTS_WEIGHTED) / POINTS_PER_DIGEST);
  return Math.floor(fround(fround(perServer * servers) + fround(1e-10)));
}

/** The last digest, as four words, low byte first. Reused, so that a lookup does not allocate. */
const digest = new Int32Array(4);
const block = new Int32Array(16);
const BLOCK_BYTES = 64;
/** Of the last block: the one bit, at least, and the length take nine. */
const LENGTH_WORD = 14;

function md5Into(text: string): void {
  for (let i = 0; i < 4; i++) digest[i] = md5.initial[i]!;
  block.fill(0);
  const size = feedAscii(text);
  if (size >= 0) return finish(size);
  for (let i = 0; i < 4; i++) digest[i] = md5.initial[i]!;
  block.fill(0);
  const bytes = new TextEncoder().encode(text);
  for (let i = 0; i < bytes.length; i++) feed(bytes[i]!, i);
  finish(bytes.length);
}

/** Feeds all characters; −1 as soon as one is not ASCII. */
function feedAscii(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return -1;
    feed(code, i);
  }
  return text.length;
}

function feed(byte: number, at: number): void {
  const within = at % BLOCK_BYTES;
  block[within >> 2]! |= byte << (8 * (within & 3));
  if (within === BLOCK_BYTES - 1) compress();
}

function compress(): void {
  md5.compress(digest, block);
  block.fill(0);
}

function finish(size: number): void {
  const within = size % BLOCK_BYTES;
  block[within >> 2]! |= 0x80 << (8 * (within & 3));
  if (within >> 2 >= LENGTH_WORD) compress();
  block[LENGTH_WORD] = size << 3;
  block[LENGTH_WORD + 1] = size >>> 29;
  compress();
}
