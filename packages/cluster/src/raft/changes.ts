import type { Instant } from '@quorate/patterns/base';
import type { Configuration, NodeId, RaftInput, RefusalReason } from '@quorate/patterns/consensus/raft';
import { GroupError, type GroupErrorCode } from './errors.ts';

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}
interface ConfigurationChange extends Waiting {
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
}
interface Transfer extends Waiting {
  readonly to: NodeId;
  readonly deadline: Instant;
}

/** Configuration changes and transfers that may wait at the same time. */
const CHANGES_MAX = 64;

const REASONS: Readonly<Record<RefusalReason, GroupErrorCode>> = {
  'not-leader': 'not-leader',
  'uncommitted-log-full': 'overloaded',
  transferring: 'transferring',
  'configuration-in-progress': 'configuration-in-progress',
  'invalid-configuration': 'invalid-configuration',
};

/** Configuration changes and leadership transfers, from the call until the outcome. */
export class Changes {
  readonly #self: NodeId;
  readonly #inputs: RaftInput[];
  readonly #configuring: Map<number, ConfigurationChange> = new Map();
  #transfers: Transfer[] = [];

  /** What is to be stepped is appended to `inputs`. */
  constructor(self: NodeId, inputs: RaftInput[]) {
    this.#self = self;
    this.#inputs = inputs;
  }

  get deadline(): Instant | undefined {
    return this.#transfers[0]?.deadline;
  }

  configure(id: number, voters: readonly NodeId[], learners: readonly NodeId[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#configuring.size >= CHANGES_MAX) {
        reject(new GroupError('configuration-in-progress', `${CHANGES_MAX} configuration changes wait already`));
        return;
      }
      const change = { voters: ascending(voters), learners: ascending(learners), resolve, reject };
      this.#configuring.set(id, change);
      this.#inputs.push({ kind: 'configure', id, voters: change.voters, learners: change.learners });
    });
  }

  transfer(to: NodeId, deadline: Instant): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#transfers.length >= CHANGES_MAX) {
        reject(new GroupError('transferring', `${CHANGES_MAX} transfers wait already`));
        return;
      }
      this.#transfers.push({ to, deadline, resolve, reject });
      this.#inputs.push({ kind: 'transfer', to });
    });
  }

  refused(id: number, reason: RefusalReason, leader: NodeId | undefined): void {
    const change = this.#configuring.get(id);
    if (change === undefined) return;
    this.#configuring.delete(id);
    const known = leader === undefined ? 'no leader is known' : `the leader is node ${leader}`;
    change.reject(new GroupError(REASONS[reason], `configuration change refused: ${reason} (${known})`));
  }

  configured(configuration: Configuration): void {
    if (configuration.outgoing.length > 0) return;
    for (const [id, change] of this.#configuring) {
      if (!same(change.voters, configuration.voters) || !same(change.learners, configuration.learners)) continue;
      this.#configuring.delete(id);
      change.resolve();
    }
  }

  role(leader: NodeId | undefined): void {
    if (leader !== this.#self) {
      for (const change of this.#configuring.values()) {
        change.reject(new GroupError('leader-changed', 'leadership moved during a configuration change', 'unknown'));
      }
      this.#configuring.clear();
    }
    if (leader === undefined) return;
    const transfers = this.#transfers;
    this.#transfers = transfers.filter((t) => leader === this.#self && t.to !== leader);
    for (const transfer of transfers) {
      if (transfer.to === leader) transfer.resolve();
      else if (leader !== this.#self) {
        const message = `node ${leader} has become leader instead of node ${transfer.to}`;
        transfer.reject(new GroupError('leader-changed', message));
      }
    }
  }

  expire(now: Instant): void {
    while (this.#transfers.length > 0 && this.#transfers[0]!.deadline <= now) {
      const transfer = this.#transfers.shift()!;
      transfer.reject(
        new GroupError('timed-out', `node ${transfer.to} did not take leadership over in time`, 'unknown'),
      );
    }
  }

  stop(error: Error): void {
    for (const waiting of [...this.#configuring.values(), ...this.#transfers]) waiting.reject(error);
    this.#configuring.clear();
    this.#transfers = [];
  }
}

const ascending = (nodes: readonly NodeId[]): readonly NodeId[] => [...nodes].sort((a, b) => a - b);
const same = (a: readonly NodeId[], b: readonly NodeId[]): boolean =>
  a.length === b.length && a.every((node, i) => node === b[i]);
