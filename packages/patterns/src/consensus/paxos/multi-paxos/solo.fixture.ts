/** One replica, driven by hand. */
import { Instant } from '../../../base/index.ts';
import { FlexibleQuorum } from '../../../quorum/index.ts';
import { type Ballot, NodeId, showBallot } from '../ballot.ts';
import { outOf } from '../steps.fixture.ts';
import type { MultiPaxosMessage, SlotEntry } from './messages.ts';
import { MultiPaxos, NEW_REPLICA, restartedReplica } from './multi-paxos.ts';
import type { MultiPaxosEffect, MultiPaxosInput, MultiPaxosOptions, MultiPaxosRestart } from './multi-paxos-types.ts';
import { showEntry, showMultiPaxosMessage } from './world.fixture.ts';

export const members = [1, 2, 3].map(NodeId.of);
export const b = (round: number, node = 1): Ballot => ({ round, node: NodeId.of(node) });
export const held = (slot: number, ballot: Ballot, value: string): SlotEntry<string> => ({
  slot,
  ballot,
  entry: { kind: 'value', value },
});

export class Solo {
  readonly kernel: MultiPaxos<string>;
  readonly options: MultiPaxosOptions;
  now = 0;
  #lastId = 0;

  constructor(options: Partial<MultiPaxosOptions> = {}, restart: MultiPaxosRestart<string> = NEW_REPLICA) {
    this.options = {
      self: NodeId.of(1),
      quorums: new FlexibleQuorum({ members, prepare: 2, accept: 2 }),
      random: () => 0.5,
      electionTimeoutMs: 100,
      heartbeatIntervalMs: 20,
      resendMs: 60,
      ...options,
    };
    this.kernel = new MultiPaxos<string>(this.options, restartedReplica(restart));
    this.step({ kind: 'tick' });
  }

  step(input: MultiPaxosInput<string>): string[] {
    const out = outOf<MultiPaxosEffect<string>>((effects) => this.kernel.step(input, Instant.of(this.now), effects));
    return out.map(show);
  }

  hear(from: number, message: MultiPaxosMessage<string>): string[] {
    return this.step({ kind: 'message', from: NodeId.of(from), message });
  }

  propose(value: string): string[] {
    this.#lastId += 1;
    return this.step({ kind: 'propose', id: this.#lastId, value });
  }

  promise(from: number, ballot: Ballot, chosen = 0, accepted: readonly SlotEntry<string>[] = []): string[] {
    return this.hear(from, { kind: 'promise', ballot, chosen, accepted });
  }

  accept(from: number, ballot: Ballot, slot: number, value: string, chosen = 0): string[] {
    return this.hear(from, { kind: 'accept', ballot, slot, entry: { kind: 'value', value }, chosen });
  }

  accepted(from: number, slot: number, ballot = b(1)): string[] {
    return this.hear(from, { kind: 'accepted', ballot, slot });
  }

  due(): string[] {
    this.now = this.kernel.deadline!;
    return this.step({ kind: 'tick' });
  }

  /** Leads under ballot 1.1. */
  lead(): this {
    this.step({ kind: 'campaign' });
    this.hear(1, { kind: 'prepare', ballot: b(1), from: 1 });
    this.promise(1, b(1));
    this.promise(2, b(1));
    return this;
  }
}

export function show(effect: MultiPaxosEffect<string>): string {
  switch (effect.kind) {
    case 'persist': {
      const slots = effect.entries.map(({ slot, entry }) => ` ${slot}:${showEntry(entry)}`).join('');
      const { promised, reservedRound, chosen, first } = effect.record;
      return `persist #${effect.ticket} promised ${showBallot(promised)} round ${reservedRound} chosen ${chosen} first ${first}${slots}`;
    }
    case 'send':
      return `>${effect.to} ${showMultiPaxosMessage(effect.message)}${effect.after === 0 ? '' : ` after #${effect.after}`}`;
    case 'chosen':
      return `chosen ${effect.first}: ${effect.entries.map(showEntry).join(' ')}`;
    case 'done':
      return `done ${effect.id} in ${effect.slot}`;
    case 'failed':
      return `failed ${effect.id}: ${effect.reason}, ${effect.outcome}`;
    case 'snapshot-needed':
      return `snapshot needed of ${effect.from} below ${effect.first}`;
    case 'role':
      return `${effect.role} under ${effect.leader}`;
  }
}
