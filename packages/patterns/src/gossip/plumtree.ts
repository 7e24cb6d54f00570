/**
 * Plumtree: broadcast along a tree that the messages themselves carve out of a random overlay, and mend when it breaks. Close to one copy of each
 * body per member, where flooding sends one per link.
 *
 * Leitão, Pereira, Rodrigues, "Epidemic Broadcast Trees", SRDS 2007, section 3 (algorithms 1 and 2): bodies go to eager peers, `ihave` to lazy ones;
 * a duplicate prunes its link; a missing body grafts one. Differs: the optimisation of section 3.8 is left out; the store of bodies is bounded.
 *
 * Links must be symmetric and come from a membership (`peer-up`, `peer-down`), 3 to 7 per member.
 * Pure. O(peers) per new body, O(1) per duplicate.
 */
import { assert, Instant } from '../base/index.ts';

export interface PlumtreeOptions {
  /** How long a body announced by `ihave` may take before it is asked for. Above the latency of a whole path of the tree. */
  readonly graftAfterMs: number;
  /** How long until the next announcer is asked. Above one round trip. */
  readonly regraftAfterMs: number;
  /**
   * Bodies kept to answer grafts; also how many are recognised as duplicates, and how many announced ones are waited
   * for at a time. 10,000 by default.
   */
  readonly maxBodies?: number;
}

export type PlumtreeMessage<Body> =
  | { readonly kind: 'gossip'; readonly id: string; readonly body: Body; readonly round: number }
  | { readonly kind: 'ihave'; readonly id: string; readonly round: number }
  | { readonly kind: 'graft'; readonly id: string; readonly round: number }
  | { readonly kind: 'prune' };

export type PlumtreeInput<Body> =
  /** `id` is unique for all time. */
  | { readonly kind: 'broadcast'; readonly id: string; readonly body: Body }
  | { readonly kind: 'peer-up' | 'peer-down'; readonly peer: string }
  | { readonly kind: 'message'; readonly from: string; readonly message: PlumtreeMessage<Body> }
  | { readonly kind: 'tick' };

export type PlumtreeEffect<Body> =
  | { readonly kind: 'send'; readonly to: string; readonly message: PlumtreeMessage<Body> }
  /** Once per id, not at the member that broadcast it. */
  | { readonly kind: 'deliver'; readonly id: string; readonly body: Body };

interface Missing {
  dueAt: Instant;
  readonly announcers: { readonly peer: string; readonly round: number }[];
}

export class Plumtree<Body> {
  readonly #options: PlumtreeOptions;
  readonly #eager = new Set<string>();
  readonly #lazy = new Set<string>();
  readonly #bodies = new Map<string, { readonly body: Body; readonly round: number }>();
  readonly #missing = new Map<string, Missing>();

  constructor(options: PlumtreeOptions) {
    assert(options.graftAfterMs > 0, 'graftAfterMs must be above 0');
    assert(options.regraftAfterMs > 0, 'regraftAfterMs must be above 0');
    this.#options = options;
  }

  get #maxBodies(): number {
    return this.#options.maxBodies ?? 10_000;
  }

  /** Peers that get bodies: the links of the tree. */
  get eagerPeers(): readonly string[] {
    return [...this.#eager];
  }

  get deadline(): Instant | undefined {
    let first: Instant | undefined;
    for (const { dueAt } of this.#missing.values()) if (first === undefined || dueAt < first) first = dueAt;
    return first;
  }

  step(input: PlumtreeInput<Body>, now: Instant, out: PlumtreeEffect<Body>[]): void {
    switch (input.kind) {
      case 'broadcast':
        if (!this.#bodies.has(input.id)) this.#passOn(input.id, input.body, 0, '', out);
        return;
      case 'peer-up':
        if (!this.#lazy.has(input.peer)) this.#eager.add(input.peer);
        return;
      case 'peer-down':
        return this.#down(input.peer);
      case 'message':
        return this.#message(input.from, input.message, now, out);
      case 'tick':
        return this.#tick(now, out);
    }
  }

  #message(from: string, message: PlumtreeMessage<Body>, now: Instant, out: PlumtreeEffect<Body>[]): void {
    // A message may be the first we hear of a new link, or the last of one that is gone: only known peers make links.
    const linked = this.#eager.has(from) || this.#lazy.has(from);
    switch (message.kind) {
      case 'gossip':
        return this.#gossip(from, message, out);
      case 'ihave':
        return this.#announced(from, message.id, message.round, now);
      case 'graft': {
        if (linked) this.#makeEager(from);
        const { id } = message;
        const held = this.#bodies.get(id);
        if (held !== undefined) out.push({ kind: 'send', to: from, message: { kind: 'gossip', id, ...held } });
        return;
      }
      case 'prune':
        if (linked) this.#makeLazy(from);
    }
  }

  #gossip(
    from: string,
    { id, body, round }: PlumtreeMessage<Body> & { kind: 'gossip' },
    out: PlumtreeEffect<Body>[],
  ): void {
    const linked = this.#eager.has(from) || this.#lazy.has(from);
    if (this.#bodies.has(id)) {
      if (linked) this.#makeLazy(from);
      out.push({ kind: 'send', to: from, message: { kind: 'prune' } });
      return;
    }
    this.#missing.delete(id);
    if (linked) this.#makeEager(from);
    out.push({ kind: 'deliver', id, body });
    this.#passOn(id, body, round + 1, from, out);
  }

  #passOn(id: string, body: Body, round: number, from: string, out: PlumtreeEffect<Body>[]): void {
    this.#bodies.set(id, { body, round });
    if (this.#bodies.size > this.#maxBodies) this.#forgetOldest();
    for (const to of this.#eager)
      if (to !== from) out.push({ kind: 'send', to, message: { kind: 'gossip', id, body, round } });
    for (const to of this.#lazy) if (to !== from) out.push({ kind: 'send', to, message: { kind: 'ihave', id, round } });
  }

  #forgetOldest(): void {
    for (const id of this.#bodies.keys()) {
      this.#bodies.delete(id);
      return;
    }
  }

  #announced(peer: string, id: string, round: number, now: Instant): void {
    if (this.#bodies.has(id)) return;
    const missing = this.#missing.get(id);
    if (missing === undefined) {
      if (this.#missing.size >= this.#maxBodies) return;
      const dueAt = Instant.add(now, this.#options.graftAfterMs);
      this.#missing.set(id, { dueAt, announcers: [{ peer, round }] });
    } else if (!missing.announcers.some((announcer) => announcer.peer === peer)) {
      missing.announcers.push({ peer, round });
    }
  }

  #tick(now: Instant, out: PlumtreeEffect<Body>[]): void {
    for (const [id, missing] of this.#missing) {
      if (now < missing.dueAt) continue;
      const announcer = missing.announcers.shift();
      if (announcer === undefined) {
        // Nobody left to ask; the next announcement starts over.
        this.#missing.delete(id);
        continue;
      }
      missing.dueAt = Instant.add(now, this.#options.regraftAfterMs);
      const { peer, round } = announcer;
      if (this.#lazy.has(peer)) this.#makeEager(peer);
      out.push({ kind: 'send', to: peer, message: { kind: 'graft', id, round } });
    }
  }

  #down(peer: string): void {
    this.#eager.delete(peer);
    this.#lazy.delete(peer);
    for (const missing of this.#missing.values()) {
      const at = missing.announcers.findIndex((announcer) => announcer.peer === peer);
      if (at >= 0) missing.announcers.splice(at, 1);
    }
  }

  #makeEager(peer: string): void {
    this.#lazy.delete(peer);
    this.#eager.add(peer);
  }

  #makeLazy(peer: string): void {
    this.#eager.delete(peer);
    this.#lazy.add(peer);
  }
}
