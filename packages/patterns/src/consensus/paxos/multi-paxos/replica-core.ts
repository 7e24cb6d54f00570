/** The state that the parts of a replica share, and what it writes, sends and hands out. */
import { assert, Instant } from '../../../base/index.ts';
import { Backoff } from '../../../resilience/backoff.ts';
import { type Ballot, compareBallots, type NodeId } from '../ballot.ts';
import { type Rounds, roundsBeyond, takeRound } from '../rounds.ts';
import type { MultiPaxosMessage, SlotEntry } from './messages.ts';
import type { MultiPaxosRules } from './multi-paxos-rules.ts';
import type { MultiPaxosEffect, MultiPaxosImage, MultiPaxosOptions, MultiPaxosRecord } from './multi-paxos-types.ts';
import { SlotLog } from './slot-log.ts';

interface OpenPersist<Value> {
  readonly kind: 'persist';
  readonly ticket: number;
  record: MultiPaxosRecord;
  readonly entries: SlotEntry<Value>[];
}

const DEFAULTS = {
  electionTimeoutMs: 300,
  heartbeatIntervalMs: 60,
  resendMs: 120,
  windowMax: 64,
  aheadMax: 256,
  learnMax: 256,
  slotsMax: 100_000,
  roundsPerWrite: 1,
};

export class ReplicaCore<Value> {
  readonly options: MultiPaxosOptions & Required<Pick<MultiPaxosOptions, keyof typeof DEFAULTS | 'loyaltyMs'>>;
  readonly rules: MultiPaxosRules;
  readonly self: NodeId;
  readonly log: SlotLog<Value>;
  readonly #backoff: Backoff;
  /** Invariant: never falls. */
  promised: Ballot;
  /** Whom this replica last heard lead, itself included. */
  leader: NodeId | undefined;
  heardAt: Instant | undefined;
  ticket: number;
  now: Instant = Instant.of(0);
  out: MultiPaxosEffect<Value>[] = [];
  #rounds: Rounds;
  /** All slots up to this one have been handed out. */
  #emitted: number;
  #open: OpenPersist<Value> | undefined;
  /** What the latest `persist` says of `chosen`. */
  #writtenChosen: number;

  constructor(options: MultiPaxosOptions, image: MultiPaxosImage<Value>, rules: MultiPaxosRules) {
    const electionTimeoutMs = options.electionTimeoutMs ?? DEFAULTS.electionTimeoutMs;
    this.options = { ...DEFAULTS, loyaltyMs: electionTimeoutMs, ...options };
    checkOptions(this.options);
    this.rules = rules;
    this.self = options.self;
    this.log = new SlotLog(image);
    this.#backoff = new Backoff({ baseMs: electionTimeoutMs, capMs: 8 * electionTimeoutMs, ...options.backoff });
    const { record, applied } = image;
    assert(
      applied >= record.first - 1,
      `the state machine must start from the snapshot, ${record.first - 1}, or after it`,
    );
    this.promised = record.promised;
    this.#rounds = image.rounds;
    this.#emitted = applied;
    this.#writtenChosen = record.chosen;
    this.leader = image.leader;
    this.heardAt = image.heardAt;
    this.ticket = image.ticket;
  }

  get isMember(): boolean {
    return this.options.quorums.members.includes(this.self);
  }

  get rounds(): Rounds {
    return this.#rounds;
  }

  get emitted(): number {
    return this.#emitted;
  }

  get record(): MultiPaxosRecord {
    const { chosen, first } = this.log;
    return { promised: this.promised, reservedRound: this.#rounds.reserved, chosen, first };
  }

  begin(now: Instant, out: MultiPaxosEffect<Value>[]): void {
    if (now > this.now) this.now = now;
    this.out = out;
  }

  /** Hands out what became chosen, in order. The step's `persist` belongs to the driver from now on. */
  end(): void {
    const { chosen } = this.log;
    if (chosen > this.#emitted) {
      const first = this.#emitted + 1;
      this.out.push({ kind: 'chosen', first, entries: this.log.chosenFrom(first) });
      this.#emitted = chosen;
    }
    if (this.#open === undefined) return;
    this.#open.record = this.record;
    this.#writtenChosen = chosen;
    this.#open = undefined;
  }

  /** By place, not by how many are held: what was accepted may be replaced, and what is missing before it filled in, or nothing would ever be chosen again. */
  hasRoomFor(slot: number): boolean {
    return slot - this.log.first < this.options.slotsMax;
  }

  /** What is in a snapshot need not be handed out any more. */
  skipTo(slot: number): void {
    this.#emitted = Math.max(this.#emitted, slot);
  }

  after(ms: number): Instant {
    return Instant.add(this.now, ms);
  }

  backOffMs(failures: number, previousMs: number): number {
    return this.#backoff.delayMs(failures, previousMs, this.options.random);
  }

  /** A ballot that was never used, above all that were heard of. */
  takeBallot(): Ballot {
    const before = this.#rounds.reserved;
    this.#rounds = takeRound(roundsBeyond(this.#rounds, this.promised.round), this.options.roundsPerWrite);
    if (this.#rounds.reserved > before) this.persist();
    return { round: this.#rounds.last, node: this.self };
  }

  saw(ballot: Ballot): void {
    this.#rounds = roundsBeyond(this.#rounds, ballot.round);
  }

  promise(ballot: Ballot): void {
    const order = compareBallots(ballot, this.promised);
    assert(order >= 0, 'a promise is never taken back');
    if (order === 0) return;
    this.promised = ballot;
    this.persist();
  }

  /** All that a step writes is one `persist`. */
  persist(...entries: readonly SlotEntry<Value>[]): void {
    if (this.#open === undefined) {
      this.ticket += 1;
      this.#open = { kind: 'persist', ticket: this.ticket, record: this.record, entries: [] };
      this.out.push(this.#open);
    }
    this.#open.entries.push(...entries);
  }

  /** Now and then, so that a restart need not learn anew what is chosen: most of it is written along with other things. */
  noteChosen(): void {
    if (this.log.chosen > this.#writtenChosen) this.persist();
  }

  /** A message that binds nobody, and may leave at once. */
  send(to: NodeId, message: MultiPaxosMessage<Value>): void {
    this.out.push({ kind: 'send', to, message, after: 0 });
  }

  /** A message that says what this replica's disk must still know after a crash. */
  answer(to: NodeId, message: MultiPaxosMessage<Value>): void {
    this.out.push({ kind: 'send', to, message, after: this.rules.answerAfter(this.ticket) });
  }
}

function checkOptions(options: ReplicaCore<never>['options']): void {
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[])
    if (!(options[name] > 0)) throw new RangeError(`${name} must be above 0, got ${options[name]}`);
  if (options.heartbeatIntervalMs >= options.electionTimeoutMs)
    throw new RangeError('heartbeatIntervalMs must be below electionTimeoutMs, best a fifth of it');
  if (options.aheadMax < options.windowMax)
    throw new RangeError(`aheadMax must be at least windowMax (${options.windowMax}), got ${options.aheadMax}`);
}
