/** One coordinator and some participants over a network and disks that work at once; everything that was said and written is kept. */
import { Instant } from '../base/index.ts';
import {
  CommitCoordinator,
  type CommitCoordinatorEffect,
  type CommitCoordinatorInput,
  CommitParticipant,
  type CommitParticipantEffect,
  type CommitParticipantInput,
  type CoordinatorMessage,
  type CoordinatorRecord,
  type ParticipantMessage,
  type ParticipantRecord,
  type Vote,
} from './index.ts';

export const T = 't1';
export const C = 'c';

export class Bench {
  readonly coordinator: CommitCoordinator = new CommitCoordinator({ votesMs: 1000, retryMs: 100, transactionsMax: 3 });
  readonly participants: Map<string, CommitParticipant<string>> = new Map<string, CommitParticipant<string>>();
  readonly votes: ReadonlyMap<string, Vote>;
  readonly said: { readonly from: string; readonly to: string; readonly kind: string }[] = [];
  readonly written: { readonly by: string; readonly forced: boolean; readonly kind: string }[] = [];
  readonly logs: Map<string, (CoordinatorRecord | ParticipantRecord<string>)[]> = new Map();
  /** What the application and the resources heard, as `who kind`. */
  readonly heard: string[] = [];
  /** Messages that are lost: those for which this holds. */
  isLost: (from: string, to: string, kind: string) => boolean = () => false;
  now = 0;
  readonly #mail: { from: string; to: string; message: CoordinatorMessage | ParticipantMessage }[] = [];

  constructor(votes: Readonly<Record<string, Vote>>) {
    this.votes = new Map(Object.entries(votes));
    this.tell({ kind: 'recover', records: [] });
    for (const name of this.votes.keys()) {
      this.participants.set(name, this.fresh(name));
      this.ask(name, { kind: 'recover', records: [] });
      this.ask(name, { kind: 'enlist', transaction: T, coordinator: C });
    }
  }

  fresh(self: string): CommitParticipant<string> {
    return new CommitParticipant<string>({ self, activeMs: 5000, inquiryMs: 200, transactionsMax: 3, endedMax: 2 });
  }

  /** Everything that follows from the coordinator's being asked to commit. */
  commit(hasUpdates: boolean = false, transaction: string = T): void {
    this.tell({ kind: 'commit', transaction, participants: [...this.votes.keys()], hasUpdates });
    this.settle();
  }

  tickAt(ms: number): void {
    this.now = ms;
    this.tell({ kind: 'tick' });
    for (const name of this.participants.keys()) this.ask(name, { kind: 'tick' });
    this.settle();
  }

  /** An input of the coordinator. Returns its effects. */
  tell(input: CommitCoordinatorInput): CommitCoordinatorEffect[] {
    const out: CommitCoordinatorEffect[] = [];
    this.coordinator.step(input, Instant.of(this.now), out);
    for (const effect of out) {
      if (effect.kind === 'send') this.#mail.push({ from: C, to: effect.to, message: effect.message });
      else if (effect.kind === 'presume')
        this.#mail.push({ from: C, to: effect.to, message: { kind: 'abort', transaction: effect.transaction } });
      else if (effect.kind === 'outcome') this.heard.push(`app ${effect.outcome}`);
      else if (effect.kind === 'record') {
        this.#write(C, effect.forced, effect.record);
        if (effect.forced) this.tell({ kind: 'recorded', ticket: effect.ticket });
      }
    }
    return out;
  }

  /** An input of a participant. Returns its effects. */
  ask(name: string, input: CommitParticipantInput<string>): CommitParticipantEffect<string>[] {
    const out: CommitParticipantEffect<string>[] = [];
    this.participants.get(name)?.step(input, Instant.of(this.now), out);
    for (const effect of out) {
      if (effect.kind === 'send') this.#mail.push({ from: name, to: effect.to, message: effect.message });
      else if (effect.kind === 'record') {
        this.#write(name, effect.forced, effect.record);
        if (effect.forced) this.ask(name, { kind: 'recorded', ticket: effect.ticket });
      } else if (effect.kind === 'prepare') {
        const vote = this.votes.get(name)!;
        const { transaction } = effect;
        this.ask(
          name,
          vote === 'yes' ? { kind: 'voted', transaction, vote, work: 'w' } : { kind: 'voted', transaction, vote },
        );
      } else this.heard.push(`${name} ${effect.kind}`);
    }
    return out;
  }

  settle(): void {
    for (let next = this.#mail.shift(); next !== undefined; next = this.#mail.shift()) {
      const { from, to, message } = next;
      this.said.push({ from, to, kind: message.kind });
      if (this.isLost(from, to, message.kind)) continue;
      if (to === C) this.tell({ kind: 'message', from, message: message as ParticipantMessage });
      else this.ask(to, { kind: 'message', from, message });
    }
  }

  #write(by: string, forced: boolean, record: CoordinatorRecord | ParticipantRecord<string>): void {
    this.written.push({ by, forced, kind: record.kind });
    const log = this.logs.get(by) ?? [];
    log.push(record);
    this.logs.set(by, log);
  }

  /** Records, and how many of them were forced, of one node. */
  records(by: string): [number, number] {
    const written = this.written.filter((each) => each.by === by);
    return [written.length, written.filter((each) => each.forced).length];
  }

  messages(from: string, to: string): number {
    return this.said.filter((each) => each.from === from && each.to === to).length;
  }
}
