/**
 * Which few of many backends a client connects to, so that connections do not grow with clients times backends. Three rules; all clients must know the
 * same backends, in any order. Pure; O(backends · log backends).
 */
import { hashKey, mix32 } from '../partitioning/key-hash.ts';

/** One client among all of its kind, numbered without gaps. */
export interface ClientPosition {
  /** From 0 to below `clients`. */
  readonly client: number;
  readonly clients: number;
}

/**
 * Deterministic subsetting ("Site Reliability Engineering", 2016, chapter 20): the clients go in rounds, each round deals all backends out once, in an
 * order of its own. So the numbers of connections of two backends differ by at most one. At least `size` backends: those that are left over go to some
 * subsets as one more, as the text has it (the program printed there leaves them out of the round).
 *
 * The order of a round is that of hashes, not a shuffle of positions: a backend that comes or goes moves a subset's edges by one instead of exchanging all
 * that is in it. But when the number of subsets changes, ⌊backends / size⌋, most clients change to another subset.
 *
 * The client's number is enough; how many there are need not be known. `RangeError` for a negative or fractional number.
 */
export function deterministicSubset(backends: readonly string[], client: number, size: number): string[] {
  checkSize(size);
  checkNumber(client, Number.POSITIVE_INFINITY);
  if (backends.length <= size) return [...backends].sort();
  const subsets = Math.floor(backends.length / size);
  const dealt = shuffled(backends, mix32(Math.floor(client / subsets) + 1));
  const nth = client % subsets;
  return dealt.slice(Math.floor((nth * dealt.length) / subsets), Math.floor(((nth + 1) * dealt.length) / subsets));
}

/**
 * Rendezvous subsetting (gRPC proposal A68, "random subsetting"): the `size` backends whose hash together with the client's name is lowest. Clients need
 * no numbers, and a change of one backend changes at most one connection of a client; but the connections are spread only as by chance.
 */
export function rendezvousSubset(backends: readonly string[], clientName: string, size: number): string[] {
  checkSize(size);
  return shuffled(backends, hashKey(clientName)).slice(0, size);
}

export interface ApertureEndpoint {
  readonly id: string;
  /** What part of this backend belongs to the aperture, in (0, 1]. */
  readonly weight: number;
}

/**
 * Deterministic aperture (Twitter, Finagle, `DeterministicAperture.scala`, 2017): clients and backends divide the same ring evenly; a client takes the arc
 * that begins at its place and is so many times as long as its own part that it covers at least `size` backends. The backends at the ends belong to
 * it in part and get a smaller weight; with the weights every backend gets exactly the same load from all clients together. A client that comes moves
 * all arcs a little.
 *
 * In whole numbers: the ring has clients · backends units. `RangeError` unless 0 ≤ client < clients.
 */
export function deterministicAperture(
  backends: readonly string[],
  { client, clients }: ClientPosition,
  size: number,
): ApertureEndpoint[] {
  checkSize(size);
  checkNumber(clients, Number.POSITIVE_INFINITY);
  checkNumber(client, clients);
  const count = backends.length;
  if (count === 0) return [];
  const ordered = shuffled(backends, 0);
  const parts = Math.min(clients, Math.ceil((Math.min(size, count) * clients) / count));
  if (parts === clients) return ordered.map((id) => ({ id, weight: 1 }));
  const from = client * count;
  const until = from + parts * count;
  const aperture: ApertureEndpoint[] = [];
  for (let at = Math.floor(from / clients); at * clients < until; at++) {
    const overlap = Math.min(until, (at + 1) * clients) - Math.max(from, at * clients);
    const id = ordered[at % count]!;
    // The arc can end in the backend that it began in, after once around.
    const first = aperture[0];
    if (first?.id === id && at > Math.floor(from / clients))
      aperture[0] = { id, weight: first.weight + overlap / clients };
    else aperture.push({ id, weight: overlap / clients });
  }
  return aperture;
}

/** In the order of their hashes, mixed with the seed twice so that two orders have nothing to do with each other; equal ones by name. */
function shuffled(backends: readonly string[], seed: number): string[] {
  return backends
    .map((id) => ({ id, hash: mix32(Math.imul(mix32(hashKey(id) ^ seed), 0x9e3779b1) + seed) }))
    .sort((a, b) => a.hash - b.hash || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
}

function checkSize(size: number): void {
  if (!(Number.isInteger(size) && size > 0)) throw new RangeError(`a subset has a size of at least 1, got ${size}`);
}

function checkNumber(client: number, below: number): void {
  if (!(Number.isInteger(client) && client >= 0 && client < below))
    throw new RangeError(`a client has a number from 0 to below ${below}, got ${client}`);
}
