/**
 * Finds out what is chosen: from the leader's word and one's own acceptances, and by asking for what is missing. Lamport, "Paxos Made Simple", 2001,
 * section 2.3 and 3; van Renesse, Altinbuken, "Paxos Made Moderately Complex", ACM Computing Surveys 2015, section 4.
 */
import type { Instant } from '../../../base/index.ts';
import type { Ballot, NodeId } from '../ballot.ts';
import { NO_BALLOT } from '../ballot.ts';
import type { MultiPaxosMessage } from './messages.ts';
import type { CatchUp } from './multi-paxos-types.ts';
import type { ReplicaCore } from './replica-core.ts';

type Message<Value, Kind> = Extract<MultiPaxosMessage<Value>, { readonly kind: Kind }>;

/** How often everybody is asked in vain, before a leader gives up what it must learn. */
const ROUNDS_IN_VAIN = 2;

export class Learning<Value> {
  readonly #core: ReplicaCore<Value>;
  #catchUp: CatchUp | undefined;

  constructor(core: ReplicaCore<Value>, catchUp: CatchUp | undefined) {
    this.#core = core;
    this.#catchUp = catchUp;
  }

  get catchUp(): CatchUp | undefined {
    return this.#catchUp;
  }

  get deadline(): Instant | undefined {
    return this.#catchUp?.dueAt;
  }

  /** Whether those who know what is missing seem to be gone. */
  get isInVain(): boolean {
    const { members } = this.#core.options.quorums;
    return this.#catchUp !== undefined && this.#catchUp.inVain >= ROUNDS_IN_VAIN * members.length;
  }

  /** The leader of `ballot` says that all slots up to `through` are chosen. */
  told(from: NodeId, ballot: Ballot, through: number): void {
    const { log, rules } = this.#core;
    while (log.chosen < through) {
      const next = log.at(log.chosen + 1);
      if (next === undefined || !rules.isWhatIsChosen(next.ballot, ballot)) break;
      log.advance();
    }
    this.ask(from, through);
  }

  /** Asks for what is missing up to `through`, unless somebody is asked already. */
  ask(from: NodeId, through: number): void {
    const { log, options } = this.#core;
    if (log.chosen >= through) {
      if (this.#catchUp !== undefined && log.chosen >= this.#catchUp.through) this.#catchUp = undefined;
      return;
    }
    if (this.#catchUp !== undefined) {
      this.#catchUp = { ...this.#catchUp, through: Math.max(through, this.#catchUp.through) };
      return;
    }
    this.#catchUp = { from, through, dueAt: this.#core.after(options.resendMs), inVain: 0 };
    this.#core.send(from, { kind: 'learn', from: log.chosen + 1 });
  }

  /** What a new leader must learn: what is behind that it proposes itself. */
  askOnly(from: NodeId, through: number): void {
    this.#catchUp = undefined;
    this.ask(from, through);
  }

  /** Somebody asks what is chosen. */
  asked(by: NodeId, { from }: Message<Value, 'learn'>): void {
    const { log, options } = this.#core;
    if (from < log.first) return this.#core.send(by, { kind: 'forgotten', first: log.first });
    const entries = log.chosenFrom(from, options.learnMax);
    this.#core.send(by, { kind: 'learned', from, entries, chosen: log.chosen });
  }

  learned(by: NodeId, { from, entries, chosen }: Message<Value, 'learned'>): void {
    const core = this.#core;
    const { log } = core;
    const before = log.chosen;
    for (const [at, entry] of entries.entries()) {
      const slot = from + at;
      if (slot !== log.chosen + 1 || !core.hasRoomFor(slot)) continue;
      // Under no ballot of its own: up to `chosen` nobody asks for one.
      core.persist(log.accept(slot, NO_BALLOT, entry));
      log.advance();
    }
    const through = Math.max(chosen, this.#catchUp?.through ?? 0);
    if (log.chosen > before) this.#notInVain();
    // Who had something, and has more, is asked at once; for what it has not, another one when that is due.
    if (log.chosen > before && log.chosen < chosen) this.#catchUp = undefined;
    this.ask(by, through);
  }

  forgotten(by: NodeId, { first }: Message<Value, 'forgotten'>): void {
    if (first <= this.#core.log.chosen + 1) return;
    this.#notInVain();
    this.#core.out.push({ kind: 'snapshot-needed', from: by, first });
  }

  /** The slots up to `through` are in a snapshot that was taken over from another. */
  install(through: number): void {
    const core = this.#core;
    if (through <= core.log.chosen) return;
    core.log.forget(through);
    core.skipTo(through);
    core.persist();
    this.ask(core.self, through);
  }

  #notInVain(): void {
    if (this.#catchUp !== undefined) this.#catchUp = { ...this.#catchUp, inVain: 0 };
  }

  tick(): void {
    const core = this.#core;
    const { log, options, self } = core;
    if (this.#catchUp === undefined || core.now < this.#catchUp.dueAt) return;
    // Whoever was asked may be gone: another one.
    const others = options.quorums.members.filter((member) => member !== self);
    const from = others[(others.indexOf(this.#catchUp.from) + 1) % others.length]!;
    const inVain = this.#catchUp.inVain + 1;
    this.#catchUp = { ...this.#catchUp, from, dueAt: core.after(options.resendMs), inVain };
    core.send(from, { kind: 'learn', from: log.chosen + 1 });
  }
}
