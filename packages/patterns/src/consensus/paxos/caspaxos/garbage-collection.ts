/**
 * Erases deleted registers. A deletion only writes "no value", a tombstone, which takes up room as a value does; but to forget it on one acceptor after
 * the other would let old values come back, and late messages make what was deleted anew. Rystsov, "CASPaxos", 2018, section 3.1, step 2:
 *
 *     sweep -> outdate -> require-ages -> erase -> ended
 *
 * (a) the tombstone is written to all acceptors; (b) every proposer forgets the registers, goes beyond the tombstones' ballots and grows older by one;
 * (c) every acceptor learns not to listen to proposers that are younger; (d) every acceptor erases the registers that still hold the tombstone. A
 * step is done at all of them before the next begins. Nothing is lost when a collection stops anywhere: run it again.
 *
 * Differs: it collects several registers at once, since (b) costs every proposer its promises of next ballots; and (d) leaves alone what was
 * promised to somebody since (`RegisterRules.mayErase`).
 *
 * While it runs no proposer may be added, and no acceptor added or removed. Pure. O(proposers + acceptors + registers).
 */
import { assert, Instant } from '../../../base/index.ts';
import { compareBallots, type NodeId, showBallot } from '../ballot.ts';
import type { CollectorAnswer, CollectorRequest, Tombstone } from './messages.ts';

export type CollectionStep = 'sweep' | 'outdate' | 'require-ages' | 'erase';

export interface GarbageCollectionOptions {
  /** All that there are. */
  readonly proposers: readonly NodeId[];
  readonly acceptors: readonly NodeId[];
  /** Without an answer, the question is repeated after so long. Default 500. */
  readonly resendMs?: number;
  /** For tests that leave one out. */
  readonly steps?: readonly CollectionStep[];
}

export type GarbageCollectionInput =
  /** Once, first. */
  | { readonly kind: 'start' }
  /** Answers `sweep`. `ballot` is undefined when the register has a value, or could not be written everywhere. */
  | { readonly kind: 'swept'; readonly key: string; readonly ballot: Tombstone['ballot'] | undefined }
  | { readonly kind: 'message'; readonly from: NodeId; readonly message: CollectorAnswer }
  | { readonly kind: 'tick' };

export type GarbageCollectionEffect =
  /** Have a proposer do an `identity` with reach `everywhere`, and answer with `swept`. */
  | { readonly kind: 'sweep'; readonly key: string }
  /** To be sent at once: nothing here needs to be durable. */
  | { readonly kind: 'send'; readonly to: NodeId; readonly message: CollectorRequest; readonly after: 0 }
  /** The end. `kept`: registers that are, or may be, in use again: no loss, try another time. */
  | { readonly kind: 'collected'; readonly erased: readonly string[]; readonly kept: readonly string[] };

/** Immutable. */
export interface CollectionState {
  /** Undefined before the start and after the end. */
  readonly step: CollectionStep | undefined;
  readonly tombstones: readonly Tombstone[];
  /** Registers whose `sweep` is not answered yet. */
  readonly sweeping: readonly string[];
  readonly kept: readonly string[];
  readonly ages: readonly (readonly [proposer: NodeId, age: number])[];
  readonly answeredBy: readonly NodeId[];
  readonly deadline: Instant | undefined;
}

/** `tombstones` are what deletions have left behind: their `key` and `ballot` of `changed`. */
export function collectionOf(tombstones: readonly Tombstone[]): CollectionState {
  assert(tombstones.length > 0, 'there must be something to collect');
  return { step: undefined, tombstones, sweeping: [], kept: [], ages: [], answeredBy: [], deadline: undefined };
}

export class GarbageCollection {
  readonly #options: GarbageCollectionOptions;
  readonly #steps: readonly CollectionStep[];
  #state: CollectionState;

  constructor(options: GarbageCollectionOptions, state: CollectionState) {
    this.#options = options;
    this.#steps = options.steps ?? ['sweep', 'outdate', 'require-ages', 'erase'];
    this.#state = state;
  }

  get state(): CollectionState {
    return this.#state;
  }

  get deadline(): Instant | undefined {
    return this.#state.deadline;
  }

  step(input: GarbageCollectionInput, now: Instant, out: GarbageCollectionEffect[]): void {
    switch (input.kind) {
      case 'start':
        return this.#begin(this.#steps[0], now, out);
      case 'swept':
        return this.#swept(input.key, input.ballot, now, out);
      case 'message':
        return this.#answered(input.from, input.message, now, out);
      case 'tick':
        if (this.deadline !== undefined && now >= this.deadline) this.#ask(now, out);
    }
  }

  #begin(step: CollectionStep | undefined, now: Instant, out: GarbageCollectionEffect[]): void {
    const { tombstones, kept } = this.#state;
    if (step === undefined || tombstones.length === 0) {
      this.#become({ step: undefined, deadline: undefined });
      const erased = tombstones.map(({ key }) => key).filter((key) => !kept.includes(key));
      out.push({ kind: 'collected', erased, kept });
      return;
    }
    const sweeping = step === 'sweep' ? tombstones.map(({ key }) => key) : [];
    this.#become({ step, sweeping, answeredBy: [], deadline: undefined });
    for (const key of sweeping) out.push({ kind: 'sweep', key });
    this.#ask(now, out);
  }

  #advance(now: Instant, out: GarbageCollectionEffect[]): void {
    this.#begin(this.#steps[this.#steps.indexOf(this.#state.step!) + 1], now, out);
  }

  #swept(key: string, ballot: Tombstone['ballot'] | undefined, now: Instant, out: GarbageCollectionEffect[]): void {
    const { sweeping, tombstones, kept } = this.#state;
    if (!sweeping.includes(key)) return;
    const others = tombstones.filter((tombstone) => tombstone.key !== key);
    this.#become({
      sweeping: sweeping.filter((each) => each !== key),
      tombstones: ballot === undefined ? others : [...others, { key, ballot }],
      kept: ballot === undefined ? [...kept, key] : kept,
    });
    if (this.#state.sweeping.length === 0) this.#advance(now, out);
  }

  #answered(from: NodeId, message: CollectorAnswer, now: Instant, out: GarbageCollectionEffect[]): void {
    const { answeredBy, ages, kept } = this.#state;
    if (message.run !== this.#run || !this.#asked.includes(from) || answeredBy.includes(from)) return;
    if (message.kind !== this.#answer) return;
    this.#become({ answeredBy: [...answeredBy, from] });
    if (message.kind === 'outdated') this.#become({ ages: [...ages, [from, message.age]] });
    if (message.kind === 'erased') this.#become({ kept: [...new Set([...kept, ...message.kept])] });
    if (this.#asked.every((node) => this.#state.answeredBy.includes(node))) this.#advance(now, out);
  }

  /** Nobody during the sweep, which is the driver's. */
  #ask(now: Instant, out: GarbageCollectionEffect[]): void {
    const message = this.#question();
    if (message === undefined) return;
    this.#become({ deadline: Instant.add(now, this.#options.resendMs ?? 500) });
    for (const to of this.#asked)
      if (!this.#state.answeredBy.includes(to)) out.push({ kind: 'send', to, message, after: 0 });
  }

  #question(): CollectorRequest | undefined {
    const { step, tombstones, ages } = this.#state;
    const run = this.#run;
    switch (step) {
      case 'outdate': {
        const round = Math.max(...tombstones.map(({ ballot }) => ballot.round));
        return { kind: 'outdate', run, keys: tombstones.map(({ key }) => key), round };
      }
      case 'require-ages':
        return { kind: 'require-ages', run, ages };
      case 'erase':
        return { kind: 'erase', run, tombstones };
      case 'sweep':
      case undefined:
        return undefined;
    }
  }

  get #answer(): CollectorAnswer['kind'] | undefined {
    const { step } = this.#state;
    if (step === 'outdate') return 'outdated';
    if (step === 'require-ages') return 'ages-required';
    return step === 'erase' ? 'erased' : undefined;
  }

  get #asked(): readonly NodeId[] {
    return this.#state.step === 'outdate' ? this.#options.proposers : this.#options.acceptors;
  }

  /** Names the collection for all time: the highest of its tombstones' ballots, which no other has. */
  get #run(): string {
    const ballots = this.#state.tombstones.map(({ ballot }) => ballot);
    return showBallot(ballots.reduce((a, b) => (compareBallots(a, b) > 0 ? a : b)));
  }

  #become(change: Partial<CollectionState>): void {
    this.#state = { ...this.#state, ...change };
  }
}
