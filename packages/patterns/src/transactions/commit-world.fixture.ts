/**
 * Banks that transfer money among each other. Two nodes can be their coordinator, over one replicated log of decisions; messages are lost, repeated and
 * late, nodes crash and stall, and either coordinator may believe to be the newest. The same seed gives the same run.
 */
import { Instant, type RandomNumber, randomBelow } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import {
  CommitCoordinator,
  type CommitCoordinatorEffect,
  type CommitCoordinatorInput,
  CommitParticipant,
  type CommitParticipantEffect,
  type CommitParticipantInput,
  type DecisionCommand,
  DecisionRegister,
  type ParticipantRecord,
} from './index.ts';

const INITIAL = 1000;

interface Bank {
  readonly name: string;
  kernel: CommitParticipant<number>;
  durable: ParticipantRecord<number>[];
  tail: { readonly ticket: number; readonly record: ParticipantRecord<number> }[];
  /** What was begun and not yet prepared: lost in a crash. By transaction, the amount. */
  work: Map<string, number>;
  balance: number;
  applied: Set<string>;
  life: number;
}

interface Office {
  readonly kernel: CommitCoordinator;
  generation: number;
  /** What it has proposed comes into the log in this order. */
  proposedUntil: number;
  life: number;
}

export interface BankWorldOptions {
  readonly seed: number;
  /** The bug to be found: an office presumes without asking the log whether it is the newest. */
  readonly confirmsNothing?: boolean;
}

export class BankWorld {
  readonly banks: Bank[];
  readonly offices: Office[];
  readonly register: DecisionRegister = new DecisionRegister();
  /** By transaction: every outcome that anybody has seen. */
  readonly seen: Map<string, Set<string>> = new Map();
  readonly #random: RandomNumber;
  readonly #confirmsNothing: boolean;
  #events: { readonly at: number; readonly run: () => void }[] = [];
  #isFaulty = true;
  #next = 0;
  now = 0;

  constructor(options: BankWorldOptions) {
    this.#random = seeded(options.seed);
    this.#confirmsNothing = options.confirmsNothing ?? false;
    const make = { votesMs: 300, retryMs: 60 };
    this.offices = [0, 1].map(() => ({
      kernel: new CommitCoordinator(make),
      generation: 0,
      proposedUntil: 0,
      life: 0,
    }));
    this.banks = ['p', 'q', 'r'].map((name) => this.#open(name));
    for (const bank of this.banks) this.#ask(bank, { kind: 'recover', records: [] });
    this.#takeOver(this.offices[0]!);
  }

  get #newest(): Office | undefined {
    return this.offices.find(({ kernel, generation }) => !kernel.isAway && generation === this.register.generation);
  }

  get total(): number {
    return this.banks.reduce((sum, { balance }) => sum + balance, 0);
  }

  run(untilMs: number, isFaulty: boolean): void {
    this.#isFaulty = isFaulty;
    for (; this.now < untilMs; this.now += 5) {
      if (isFaulty) this.#cause();
      else if (this.now % 100 === 0 && this.#newest === undefined) this.#takeOver(this.offices[1]!);
      const due = this.#events.filter(({ at }) => at <= this.now);
      this.#events = this.#events.filter(({ at }) => at > this.now);
      for (const { run } of due.sort((a, b) => a.at - b.at)) run();
      for (const office of this.offices)
        if ((office.kernel.deadline ?? this.now + 1) <= this.now) this.#tell(office, { kind: 'tick' });
      for (const bank of this.banks)
        if ((bank.kernel.deadline ?? this.now + 1) <= this.now) this.#ask(bank, { kind: 'tick' });
    }
  }

  #cause(): void {
    if (this.#chance(0.05)) this.#transfer();
    if (this.#chance(0.01)) this.#crash(this.#any(this.banks));
    if (this.#chance(0.005)) this.#takeOver(this.#any(this.offices));
    if (this.#chance(0.002)) {
      const office = this.#any(this.offices);
      office.life += 1;
      this.#tell(office, { kind: 'superseded' });
    }
  }

  #transfer(): void {
    const office = this.#any(this.offices);
    const from = this.#any(this.banks);
    const to = this.#any(this.banks.filter((bank) => bank !== from));
    if (office.kernel.isAway) return;
    this.#next += 1;
    const transaction = `t${this.#next}`;
    const amount = 1 + randomBelow(this.#random, 50);
    for (const [bank, change] of [
      [from, -amount],
      [to, amount],
    ] as const) {
      bank.work.set(transaction, change);
      this.#ask(bank, { kind: 'enlist', transaction, coordinator: 'c' });
    }
    const participants = [from.name, to.name];
    const { life } = office;
    this.#later(20, () => {
      if (office.life === life) this.#tell(office, { kind: 'commit', transaction, participants, hasUpdates: false });
    });
  }

  #tell(office: Office, input: CommitCoordinatorInput): void {
    const out: CommitCoordinatorEffect[] = [];
    office.kernel.step(input, Instant.of(this.now), out);
    for (const effect of out) {
      if (effect.kind === 'send') this.#send(effect.to, 'c', effect.message);
      else if (effect.kind === 'outcome') this.#saw(effect.transaction, effect.outcome);
      else if (effect.kind === 'presume') this.#presume(office, effect.to, effect.transaction);
      else if (effect.kind === 'record') {
        const { generation, life } = office;
        this.#propose(office, { kind: 'record', generation, record: effect.record }, (verdict) => {
          if (office.life !== life) return;
          this.#tell(office, verdict === 'done' ? { kind: 'recorded', ticket: effect.ticket } : { kind: 'superseded' });
        });
      }
    }
  }

  #presume(office: Office, to: string, transaction: string): void {
    const message = { kind: 'abort', transaction } as const;
    if (this.#confirmsNothing) return this.#send(to, 'c', message);
    const { generation, life } = office;
    this.#later(20, () => {
      if (office.life === life && this.register.generation === generation) this.#send(to, 'c', message);
    });
  }

  #takeOver(office: Office): void {
    const generation = this.register.generation + 1 + randomBelow(this.#random, 2);
    office.life += 1;
    const { life } = office;
    this.#propose(office, { kind: 'take-over', generation }, (verdict, records) => {
      if (office.life !== life || verdict !== 'done') return;
      office.generation = generation;
      this.#tell(office, { kind: 'recover', records });
    });
  }

  /** The answer, and what the register held then, come back later. */
  #propose(
    office: Office,
    command: DecisionCommand,
    then: (verdict: 'done' | 'superseded', records: DecisionRegister['records']) => void,
  ): void {
    office.proposedUntil = Math.max(office.proposedUntil, this.now + this.#random() * (this.#chance(0.1) ? 300 : 20));
    this.#events.push({
      at: office.proposedUntil,
      run: () => {
        const verdict = this.register.apply(command);
        const { records } = this.register;
        this.#later(20, () => then(verdict, records));
      },
    });
  }

  #ask(bank: Bank, input: CommitParticipantInput<number>): void {
    const out: CommitParticipantEffect<number>[] = [];
    bank.kernel.step(input, Instant.of(this.now), out);
    for (const effect of out) {
      if (effect.kind === 'send') this.#send(effect.to, bank.name, effect.message);
      else if (effect.kind === 'record') {
        const { ticket, record, forced } = effect;
        bank.tail.push({ ticket, record });
        const { life } = bank;
        if (forced) this.#later(30, () => bank.life === life && this.#sync(bank, ticket));
      } else if (effect.kind === 'prepare') this.#vote(bank, effect.transaction);
      else if (effect.kind === 'commit' || effect.kind === 'abort') this.#ended(bank, effect);
    }
  }

  #vote(bank: Bank, transaction: string): void {
    const { life } = bank;
    const work = bank.work.get(transaction)!;
    this.#later(10, () => {
      if (bank.life !== life) return;
      if (this.#chance(0.1)) this.#ask(bank, { kind: 'voted', transaction, vote: 'no' });
      else this.#ask(bank, { kind: 'voted', transaction, vote: 'yes', work });
    });
  }

  #ended(bank: Bank, effect: { kind: string; transaction: string; work: number | undefined }): void {
    this.#saw(effect.transaction, effect.kind);
    bank.work.delete(effect.transaction);
    if (effect.kind === 'abort' || bank.applied.has(effect.transaction)) return;
    bank.applied.add(effect.transaction);
    bank.balance += effect.work!;
  }

  #sync(bank: Bank, ticket: number): void {
    bank.durable.push(...bank.tail.filter((each) => each.ticket <= ticket).map(({ record }) => record));
    bank.tail = bank.tail.filter((each) => each.ticket > ticket);
    this.#ask(bank, { kind: 'recorded', ticket });
  }

  #crash(bank: Bank): void {
    const survive = randomBelow(this.#random, bank.tail.length + 1);
    const durable = [...bank.durable, ...bank.tail.slice(0, survive).map(({ record }) => record)];
    const prepared = new Set(durable.map(({ transaction }) => transaction));
    for (const transaction of bank.work.keys()) if (!prepared.has(transaction)) this.#saw(transaction, 'abort');
    const { life } = bank;
    Object.assign(bank, this.#open(bank.name), { durable, life: life + 1 });
    this.#ask(bank, { kind: 'recover', records: durable });
  }

  #open(name: string): Bank {
    const kernel = new CommitParticipant<number>({ self: name, activeMs: 400, inquiryMs: 80 });
    const blank = { durable: [], tail: [], work: new Map(), applied: new Set<string>() };
    return { name, kernel, ...blank, balance: INITIAL, life: 0 };
  }

  /** To a bank, or to the coordinator: whichever of the offices the network takes for it. */
  #send(to: string, from: string, message: object): void {
    const copies = !this.#isFaulty ? 1 : this.#chance(0.1) ? 0 : this.#chance(0.1) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const input = { kind: 'message', from, message } as never;
      this.#later(this.#isFaulty && this.#chance(0.05) ? 500 : 20, () => {
        if (to !== 'c') return this.#ask(this.banks.find(({ name }) => name === to)!, input);
        this.#tell(
          this.#isFaulty && this.#chance(0.2) ? this.#any(this.offices) : (this.#newest ?? this.offices[0]!),
          input,
        );
      });
    }
  }

  #saw(transaction: string, outcome: string): void {
    const seen = this.seen.get(transaction) ?? new Set();
    seen.add(outcome);
    this.seen.set(transaction, seen);
  }

  #later(withinMs: number, run: () => void): void {
    this.#events.push({ at: this.now + this.#random() * withinMs, run });
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #any<T>(items: readonly T[]): T {
    return items[randomBelow(this.#random, items.length)]!;
  }
}
