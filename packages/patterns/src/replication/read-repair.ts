/**
 * A quorum read that mends the replicas it finds behind. DeCandia et al., "Dynamo", SOSP 2007, section 5; Cassandra's digest reads and blocking read repair
 * (CASSANDRA-10726).
 *
 *            start            R states are known             enough replicas have the result
 *     idle --------> reading --------------------> repairing --------------------------------> done
 *                       |         \---(asynchronous, or all agree)---------------------------> done, and then repairs
 *                       +--(too few can answer, or time is up)--> failed
 *
 * `blocking`: answers only when R replicas have what it answers. So with R a majority a later read never sees an older value, though the write may have failed halfway.
 * `asynchronous`: answers at once; until the repairs arrive, a later read may go back.
 * `none`: for stores whose writes must not be torn apart: a repair carries one key of what may have been a write of several.
 *
 * With digests, one replica sends its state and the others a hash; whoever differs is asked for its state too. A repair is a merge at the replica, never a replacement: a
 * newer write may be there by then. Late answers are repaired as well.
 *
 * Pure. O(nodes²) per step in the worst case, for few nodes.
 */
import { assert, Instant } from '../base/index.ts';
import type { Versions } from './versions.ts';

export interface ReadRepairOptions<Node, S> {
  /** The replicas of the key, nearest first, all distinct. */
  readonly nodes: readonly Node[];
  /** R: how many answers a result takes. */
  readonly read: number;
  /** How many are asked at first, R or more; those beyond R are repaired too. With R = 1 alone nothing is compared, and nothing repaired. Default R. */
  readonly ask?: number;
  readonly versions: Versions<S>;
  readonly repair: 'blocking' | 'asynchronous' | 'none';
  /** Of a state, as replicas compute it; of different states different. Absent: all send their state. */
  readonly digestOf?: (state: S | undefined) => string;
  readonly timeoutMs: number;
  /** A further node is asked when the last one asked has not answered for so long. Absent: only when one fails. */
  readonly hedgeMs?: number;
  /**
   * Whether to write this state where nothing is. A tombstone that may be collected must not go back to a replica that has collected it, or it travels for ever.
   * Default: always.
   */
  readonly restores?: (state: S) => boolean;
}

export type ReadRepairInput<Node, S> =
  | { readonly kind: 'start' }
  /** `state` is undefined: the node has nothing. */
  | { readonly kind: 'state'; readonly from: Node; readonly state: S | undefined }
  | { readonly kind: 'digest'; readonly from: Node; readonly digest: string }
  | { readonly kind: 'error'; readonly from: Node }
  | { readonly kind: 'repaired'; readonly from: Node }
  | { readonly kind: 'tick' };

export type ReadRepairEffect<Node, S> =
  | { readonly kind: 'read'; readonly to: Node; readonly want: 'state' | 'digest' }
  /** Merge this into what is there. Report `repaired`, or `error`. */
  | { readonly kind: 'repair'; readonly to: Node; readonly state: S }
  /** `state` is undefined: nobody asked has anything. `stale`: who of those that answered was behind. */
  | { readonly kind: 'done'; readonly state: S | undefined; readonly stale: readonly Node[] }
  /** Equal by version, different by digest: a lost disk, a backup, a dot given twice. Merging cannot mend it; compare the nodes. */
  | { readonly kind: 'corrupt'; readonly nodes: readonly Node[] }
  | { readonly kind: 'failed'; readonly why: 'too-few' | 'timed-out'; readonly answers: number };

type Phase<S> =
  | { readonly kind: 'idle' | 'failed' }
  | { readonly kind: 'reading' }
  | { readonly kind: 'repairing' | 'done'; readonly merged: S | undefined };

export class ReadRepair<Node, S> {
  readonly #options: ReadRepairOptions<Node, S>;
  readonly #states = new Map<Node, S | undefined>();
  readonly #digests = new Map<Node, string>();
  readonly #asked = new Map<Node, 'state' | 'digest'>();
  readonly #failed = new Set<Node>();
  /** Who has the merged state, or was sent it. */
  readonly #has = new Set<Node>();
  readonly #repairing = new Set<Node>();
  #stale: readonly Node[] = [];
  #phase: Phase<S> = { kind: 'idle' };
  #since: Instant = Instant.of(0);
  #askedAt: Instant = Instant.of(0);

  /** `RangeError` unless 1 ≤ read ≤ ask ≤ nodes. */
  constructor(options: ReadRepairOptions<Node, S>) {
    const { nodes, read, ask = read, timeoutMs } = options;
    if (new Set(nodes).size !== nodes.length) throw new RangeError('nodes must be distinct');
    if (!(read >= 1 && read <= ask && ask <= nodes.length))
      throw new RangeError(`read and ask must be from 1 to ${nodes.length} nodes, and read not above ask`);
    if (!(timeoutMs > 0)) throw new RangeError(`timeoutMs must be positive, not ${timeoutMs}`);
    this.#options = options;
  }

  get deadline(): Instant | undefined {
    if (this.#phase.kind !== 'reading' && this.#phase.kind !== 'repairing') return undefined;
    const { timeoutMs, hedgeMs } = this.#options;
    const end = this.#since + timeoutMs;
    const canHedge = hedgeMs !== undefined && this.#spare.length > 0;
    return Instant.of(canHedge ? Math.min(end, this.#askedAt + hedgeMs) : end);
  }

  step(input: ReadRepairInput<Node, S>, now: Instant, out: ReadRepairEffect<Node, S>[]): void {
    switch (input.kind) {
      case 'start':
        return this.#start(now, out);
      case 'state':
        return this.#answer(input.from, now, out, () => this.#states.set(input.from, input.state));
      case 'digest':
        return this.#answer(input.from, now, out, () => this.#digests.set(input.from, input.digest));
      case 'error':
        return this.#error(input.from, now, out);
      case 'repaired':
        if (this.#repairing.delete(input.from)) this.#has.add(input.from);
        return this.#finish(out);
      case 'tick':
        return this.#tick(now, out);
    }
  }

  /** Nodes that can be turned to: not asked yet, or, when repairing, not written yet. */
  get #spare(): Node[] {
    const isUsed = (node: Node): boolean =>
      this.#phase.kind === 'repairing' ? this.#has.has(node) || this.#repairing.has(node) : this.#asked.has(node);
    return this.#options.nodes.filter((node) => !isUsed(node) && !this.#failed.has(node));
  }

  #start(now: Instant, out: ReadRepairEffect<Node, S>[]): void {
    assert(this.#phase.kind === 'idle', 'a read starts once');
    this.#phase = { kind: 'reading' };
    this.#since = now;
    const { nodes, read, ask = read, digestOf } = this.#options;
    for (const [at, node] of nodes.slice(0, ask).entries())
      this.#ask(node, at === 0 || digestOf === undefined ? 'state' : 'digest', now, out);
  }

  #ask(to: Node, want: 'state' | 'digest', now: Instant, out: ReadRepairEffect<Node, S>[]): void {
    this.#asked.set(to, want);
    this.#askedAt = now;
    out.push({ kind: 'read', to, want });
  }

  #answer(from: Node, now: Instant, out: ReadRepairEffect<Node, S>[], note: () => void): void {
    // Second answers say nothing new; a state after a digest does.
    if (!this.#asked.has(from) || this.#states.has(from) || this.#failed.has(from)) return;
    note();
    if (this.#phase.kind === 'reading') this.#review(now, out);
    else if (this.#phase.kind === 'done' || this.#phase.kind === 'repairing') this.#late(from, this.#phase.merged, out);
  }

  #error(from: Node, now: Instant, out: ReadRepairEffect<Node, S>[]): void {
    if (this.#has.has(from) || (this.#states.has(from) && !this.#repairing.has(from))) return;
    this.#failed.add(from);
    this.#digests.delete(from);
    this.#repairing.delete(from);
    if (this.#phase.kind === 'reading') this.#review(now, out);
    else if (this.#phase.kind === 'repairing') this.#repairNext(now, out);
  }

  #tick(now: Instant, out: ReadRepairEffect<Node, S>[]): void {
    if (this.#phase.kind !== 'reading' && this.#phase.kind !== 'repairing') return;
    const { timeoutMs, hedgeMs } = this.#options;
    if (now >= this.#since + timeoutMs) return this.#fail('timed-out', out);
    if (hedgeMs === undefined || now < this.#askedAt + hedgeMs) return;
    if (this.#phase.kind === 'repairing') return this.#repairNext(now, out);
    const [next] = this.#spare;
    if (next !== undefined) this.#ask(next, 'state', now, out);
  }

  /** While reading: what is known, who must be asked more, is it enough. */
  #review(now: Instant, out: ReadRepairEffect<Node, S>[]): void {
    const { read } = this.#options;
    this.#matchDigests(now, out);
    if (this.#states.size >= read) return this.#conclude(out);
    let possible = this.#options.nodes.filter((node) => this.#asked.has(node) && !this.#failed.has(node)).length;
    for (const next of this.#spare) {
      if (possible >= read) break;
      this.#ask(next, 'state', now, out);
      possible += 1;
    }
    if (possible < read) return this.#fail('too-few', out);
    // The one that was to send its state has failed: another that has only sent a digest must.
    const isAwaited = [...this.#asked].some(([node, want]) => want === 'state' && !this.#failed.has(node));
    const [first] = this.#digests.keys();
    if (!isAwaited && first !== undefined) this.#ask(first, 'state', now, out);
  }

  /** A digest of a state that is known stands for that state; one of another is not enough. */
  #matchDigests(now: Instant, out: ReadRepairEffect<Node, S>[]): void {
    const { digestOf } = this.#options;
    if (digestOf === undefined || this.#states.size === 0) return;
    const known = new Map([...this.#states.values()].map((state) => [digestOf(state), state]));
    for (const [node, digest] of this.#digests) {
      if (this.#states.has(node)) continue;
      if (known.has(digest)) this.#states.set(node, known.get(digest));
      else if (this.#asked.get(node) === 'digest') this.#ask(node, 'state', now, out);
    }
  }

  #conclude(out: ReadRepairEffect<Node, S>[]): void {
    const { versions, repair, read } = this.#options;
    let merged: S | undefined;
    for (const state of this.#states.values())
      if (state !== undefined) merged = merged === undefined ? state : versions.merge(merged, state);
    this.#reportCorrupt(out);
    const nodes = this.#options.nodes.filter((node) => this.#states.has(node));
    this.#stale = nodes.filter((node) => this.#isBehind(this.#states.get(node), merged));
    for (const node of nodes) if (!this.#stale.includes(node)) this.#has.add(node);
    if (repair !== 'blocking' || this.#has.size >= read) {
      this.#end(merged, out);
      for (const node of this.#stale) this.#repair(node, merged, out);
      return;
    }
    this.#phase = { kind: 'repairing', merged };
    for (const node of this.#stale) this.#repair(node, merged, out);
    this.#finish(out);
  }

  #isBehind(state: S | undefined, merged: S | undefined): boolean {
    if (merged === undefined) return false;
    return state === undefined || this.#options.versions.compare(state, merged) !== 'equal';
  }

  #repair(to: Node, merged: S | undefined, out: ReadRepairEffect<Node, S>[]): void {
    const { repair, restores } = this.#options;
    if (repair === 'none' || merged === undefined) return;
    // What need not be restored is as good as there.
    if (this.#states.get(to) === undefined && restores?.(merged) === false) return void this.#has.add(to);
    this.#repairing.add(to);
    out.push({ kind: 'repair', to, state: merged });
  }

  /** A repair failed, or takes long: another replica may take the state instead, whatever it has. */
  #repairNext(now: Instant, out: ReadRepairEffect<Node, S>[]): void {
    if (this.#phase.kind !== 'repairing') return;
    const [next] = this.#spare;
    if (next !== undefined) {
      this.#askedAt = now;
      this.#repair(next, this.#phase.merged, out);
    } else if (this.#has.size + this.#repairing.size < this.#options.read) return this.#fail('too-few', out);
    this.#finish(out);
  }

  #finish(out: ReadRepairEffect<Node, S>[]): void {
    if (this.#phase.kind === 'repairing' && this.#has.size >= this.#options.read) this.#end(this.#phase.merged, out);
  }

  #end(merged: S | undefined, out: ReadRepairEffect<Node, S>[]): void {
    this.#phase = { kind: 'done', merged };
    out.push({ kind: 'done', state: merged, stale: this.#stale });
  }

  #late(from: Node, merged: S | undefined, out: ReadRepairEffect<Node, S>[]): void {
    const { digestOf } = this.#options;
    if (this.#has.has(from) || this.#repairing.has(from)) return;
    const digest = this.#digests.get(from);
    const isSame = this.#states.has(from)
      ? !this.#isBehind(this.#states.get(from), merged)
      : digest !== undefined && digest === digestOf?.(merged);
    if (isSame) this.#has.add(from);
    else this.#repair(from, merged, out);
    this.#finish(out);
  }

  #reportCorrupt(out: ReadRepairEffect<Node, S>[]): void {
    const { digestOf, versions } = this.#options;
    if (digestOf === undefined) return;
    const known = [...this.#states];
    const differs = (a: S | undefined, b: S | undefined): boolean =>
      a !== undefined && b !== undefined && versions.compare(a, b) === 'equal' && digestOf(a) !== digestOf(b);
    const nodes = known.filter(([, a]) => known.some(([, b]) => differs(a, b))).map(([node]) => node);
    if (nodes.length > 0) out.push({ kind: 'corrupt', nodes });
  }

  #fail(why: 'too-few' | 'timed-out', out: ReadRepairEffect<Node, S>[]): void {
    this.#phase = { kind: 'failed' };
    out.push({ kind: 'failed', why, answers: this.#states.size });
  }
}
