import type { NodeId } from '@quorate/patterns/consensus/raft';
import type { GroupStatus, RaftGroup } from '../../raft/types.ts';

/** Who leads, as this node knows it: kept at hand, because a group's full status costs more than a look per request should. */
export class LeaderView implements Disposable {
  readonly #self: NodeId;
  readonly #subscription: Disposable;
  readonly #listeners: Set<() => void> = new Set();
  #leader: NodeId | undefined;
  #leads: boolean;
  #term: number;

  constructor(group: RaftGroup, self: NodeId) {
    this.#self = self;
    const { role, leader, term } = group.status;
    this.#leader = leader;
    this.#leads = role === 'leader';
    this.#term = term;
    this.#subscription = group.onChange((status) => this.#changed(status));
  }

  /** This node itself, when it leads. */
  get leader(): NodeId | undefined {
    return this.#leads ? this.#self : this.#leader;
  }

  get leads(): boolean {
    return this.#leads;
  }

  get term(): number {
    return this.#term;
  }

  /** Called after the leader, or the term, has changed. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  #changed({ role, leader, term }: GroupStatus): void {
    const leads = role === 'leader';
    if (leads === this.#leads && leader === this.#leader && term === this.#term) return;
    this.#leads = leads;
    this.#leader = leader;
    this.#term = term;
    for (const listener of [...this.#listeners]) listener();
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
    this.#listeners.clear();
  }
}
