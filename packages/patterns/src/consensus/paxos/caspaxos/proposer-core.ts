/** What the parts of a proposer of registers share: its ballots, its age, its configuration, and what it sends and writes. */
import { assert, Instant } from '../../../base/index.ts';
import { Backoff } from '../../../resilience/backoff.ts';
import type { Ballot, NodeId } from '../ballot.ts';
import { type Rounds, roundsBeyond, takeRound } from '../rounds.ts';
import { PhaseQuorum, type RegisterConfiguration } from './configuration.ts';
import type { CollectorAnswer, ConfigureAnswer, RegisterRequest } from './messages.ts';
import type { RegisterRules } from './register-rules.ts';
import type { RegisterProposerEffect, RegisterProposerImage, RegisterProposerOptions } from './register-types.ts';

export class ProposerCore<Value> {
  readonly self: NodeId;
  readonly rules: RegisterRules;
  readonly resendMs: number;
  readonly changeMs: number;
  readonly oneRoundTrip: boolean;
  readonly attemptsMax: number;
  readonly changesMax: number;
  readonly readyMax: number;
  readonly #backoff: Backoff;
  readonly #options: RegisterProposerOptions;
  readonly #roundsPerWrite: number;
  quorums: PhaseQuorum;
  /** Invariant: never falls. */
  age: number;
  ticket: number;
  now: Instant = Instant.of(0);
  out: RegisterProposerEffect<Value>[] = [];
  #configuration: RegisterConfiguration;
  #rounds: Rounds;

  constructor(options: RegisterProposerOptions, image: RegisterProposerImage<Value>, rules: RegisterRules) {
    this.#options = options;
    this.self = options.self;
    this.rules = rules;
    this.resendMs = options.resendMs ?? 100;
    this.changeMs = options.changeMs ?? 5_000;
    this.oneRoundTrip = options.oneRoundTrip ?? true;
    this.attemptsMax = options.attemptsMax ?? 50;
    this.changesMax = options.changesMax ?? 10_000;
    this.readyMax = options.readyMax ?? 10_000;
    this.#backoff = new Backoff({ baseMs: 10, capMs: 1_000, ...options.backoff });
    this.#roundsPerWrite = options.roundsPerWrite ?? 1_000;
    const { resendMs, changeMs, attemptsMax, changesMax } = this;
    for (const [name, value] of Object.entries({
      resendMs,
      changeMs,
      attemptsMax,
      changesMax,
      roundsPerWrite: this.#roundsPerWrite,
    }))
      assert(value > 0, `${name} must be above 0, got ${value}`);
    this.#rounds = image.rounds;
    this.age = image.record.age;
    this.ticket = image.ticket;
    this.#configuration = image.record.configuration;
    this.quorums = new PhaseQuorum(this.#configuration);
  }

  get rounds(): Rounds {
    return this.#rounds;
  }

  get configuration(): RegisterConfiguration {
    return this.#configuration;
  }

  after(ms: number): Instant {
    return Instant.add(this.now, ms);
  }

  backOffMs(failures: number, previousMs: number): number {
    return this.#backoff.delayMs(failures, previousMs, this.#options.random);
  }

  /** A ballot that was never used, above all that were heard of. */
  takeBallot(): Ballot {
    const rounds = takeRound(this.#rounds, this.#roundsPerWrite);
    const grows = rounds.reserved > this.#rounds.reserved;
    this.#rounds = rounds;
    if (grows) this.persist();
    return { round: rounds.last, node: this.self };
  }

  saw(round: number): void {
    this.#rounds = roundsBeyond(this.#rounds, round);
  }

  /** Section 3.1, step 2 (b): grows older, and never again uses a round up to `round`, whatever happens to memory. */
  growOlder(round: number): void {
    const rounds = roundsBeyond(this.#rounds, this.rules.roundToPass(round));
    this.#rounds = { last: rounds.last, reserved: Math.max(rounds.reserved, rounds.last) };
    this.age += 1;
    this.persist();
  }

  configure(configuration: RegisterConfiguration): void {
    this.quorums = new PhaseQuorum(configuration);
    this.#configuration = configuration;
    this.persist();
  }

  persist(): void {
    this.ticket += 1;
    const { age, ticket } = this;
    // A round that was only seen is not used: should it be forgotten, it will be refused.
    const record = { reservedRound: this.#rounds.reserved, age, configuration: this.#configuration };
    this.out.push({ kind: 'persist', ticket, record });
  }

  send(to: NodeId, message: RegisterRequest<Value> | CollectorAnswer | ConfigureAnswer): void {
    this.out.push({ kind: 'send', to, message, after: this.ticket });
  }
}
