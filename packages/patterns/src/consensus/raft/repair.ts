/**
 * A node whose disk lost what it had acknowledged ("damaged"), and how it becomes whole again.
 *
 *     asking --repair-response of this term's leader--> catching up --agrees durably up to `index`--> whole
 *        ^                                                  |
 *        +------------------- another term -----------------+
 *
 * Such a node may have forgotten entries, its vote, and even the latest term it took part in. If it just went on, it
 * could vote for a candidate that lacks what it once acknowledged, vote twice in a term, or help a deposed leader to
 * commit or to serve reads. So, after the idea of "Protocol-Aware Recovery for Consensus-Based Storage" (Alagappan et
 * al., FAST 2018), it takes no part until it provably has everything that can rest on it:
 *
 * 1. While asking it grants nothing, accepts nothing and confirms no round. It answers its leader only with a request.
 *    The leader forgets what it believed of this node's log and has itself confirmed by a quorum in a round sent after
 *    the request. This node confirms no round, so that quorum is of others. Any newer leader that this node may have
 *    helped to elect before the damage would share a voter other than this node with that quorum, which would then have
 *    refused the round. So the sender leads the latest term this node can ever have taken part in.
 * 2. `index` is that leader's last index after the request. Whatever this node acknowledged before the damage is, if it
 *    counted towards a commit in an earlier term, in the leader's log (leader completeness, 5.4.3: the two quorums share
 *    a voter that still has it), and, if in this term, at or below `index`: a leader only appends. Even an old
 *    acknowledgement that is still under way to the leader is of such an entry.
 * 3. From then on acceptances count: they speak of what is on the disk now, in the latest term. A vote would still be
 *    cast from an incomplete log, so none is given until the log agrees with that leader's up to `index`, durably. That
 *    includes an entry of the leader's own term.
 *
 * If all members, or a majority, are damaged at once, no leader can be confirmed: an operator has to decide.
 */
import type { Core } from './core.ts';
import { firstToken } from './follower-reads.ts';
import type { NodeId } from './types.ts';

type State =
  | { readonly kind: 'whole' }
  | { readonly kind: 'asking'; readonly term: number; readonly token: number }
  /** `agreedIndex`: how far the log is known to agree with the leader of `term`. */
  | { readonly kind: 'catching-up'; readonly term: number; readonly index: number; agreedIndex: number };

export class Repair {
  readonly #core: Core;
  #state: State;
  #token: number;

  constructor(core: Core, damaged: boolean) {
    this.#core = core;
    this.#token = firstToken(core.settings.random);
    this.#state = damaged ? this.#ask() : { kind: 'whole' };
  }

  get damaged(): boolean {
    return this.#state.kind !== 'whole';
  }

  /** May this node vote and lead? */
  get mayElect(): boolean {
    return this.#core.rules.takesPart(this.damaged);
  }

  /** Damaged, and no leader of the present term is known to be the latest. */
  get unconfirmed(): boolean {
    return this.#state.kind !== 'whole' && (this.#state.kind === 'asking' || this.#state.term !== this.#core.term);
  }

  /** The leader of the present term wrote. True when this node answered with its request and must not do more. */
  intercepts(leader: NodeId): boolean {
    if (this.#core.rules.takesPart(this.unconfirmed)) return false;
    const state = this.#state;
    const asking = state.kind === 'asking' && state.term === this.#core.term ? state : this.#ask();
    this.#state = asking;
    this.#core.send(leader, { kind: 'repair-request', term: this.#core.term, id: asking.token });
    return true;
  }

  answered(token: number, index: number): void {
    const { term } = this.#core;
    if (this.#state.kind !== 'asking' || this.#state.term !== term || this.#state.token !== token) return;
    this.#state = { kind: 'catching-up', term, index, agreedIndex: 0 };
  }

  agreed(index: number): void {
    if (this.#state.kind !== 'catching-up') return;
    this.#state.agreedIndex = Math.max(this.#state.agreedIndex, index);
    this.persisted();
  }

  /** Something became durable, or agreed upon. */
  persisted(): void {
    const state = this.#state;
    if (state.kind !== 'catching-up' || state.term !== this.#core.term) return;
    if (Math.min(state.agreedIndex, this.#core.durability.durableIndex) < state.index) return;
    if (this.#core.durability.barrier !== 0) return;
    this.#state = { kind: 'whole' };
    this.#core.out.push({ kind: 'repaired' });
  }

  #ask(): State & { kind: 'asking' } {
    this.#token += 1;
    return { kind: 'asking', term: this.#core.term, token: this.#token };
  }
}
