/** What the safety of the replicated log rests on besides `PaxosRules`. No state. */
import { type Ballot, sameBallot } from '../ballot.ts';
import { PaxosRules } from '../rules.ts';
import type { Entry, SlotEntry } from './messages.ts';

export class MultiPaxosRules extends PaxosRules {
  /** What a new leader proposes in a slot: what binds it, or a no-op that fills the gap. "Paxos Made Simple", section 3. */
  recovered<Value>(accepted: readonly SlotEntry<Value>[]): Entry<Value> {
    const binding = this.binding(accepted.map(({ ballot, entry }) => ({ ballot, value: entry })));
    return binding?.value ?? { kind: 'no-op' };
  }

  /** The first slot that a new leader proposes in: behind all that anybody who promised knows to be chosen, and not earlier. */
  firstOpen(chosen: readonly number[]): number {
    return Math.max(...chosen) + 1;
  }

  /**
   * A leader says that a slot is chosen: with what this acceptor holds there, if that is of the leader's own ballot, under which it proposes one thing
   * in each slot. What is of an older ballot may have lost.
   */
  isWhatIsChosen(accepted: Ballot, leader: Ballot): boolean {
    return sameBallot(accepted, leader);
  }
}
