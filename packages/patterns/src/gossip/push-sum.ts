/**
 * Push-sum: every member learns the mean, sum or count over all members, each talking to one other per round.
 *
 * Kempe, Dobra, Gehrke, "Gossip-Based Computation of Aggregate Information", FOCS 2003, section 2, protocol Push-Sum: keep half of (sum, weight), send half;
 * sum/weight converges to the mean in O(log N + log 1/ε + log 1/δ) rounds. It rests on mass conservation: no share may be lost or counted twice.
 * So: hand a share that could not be sent back as `returned`; transport must not repeat messages; and start anew with a higher epoch after losses or when
 * members change (Jelasity, Montresor, Babaoglu, TOCS 2005, section 4), which also makes the answer follow the inputs.
 *
 * Pure. O(1).
 */
import { assert } from '../base/index.ts';

/** Part of the mass, on its way. */
export interface PushSumShare {
  readonly epoch: number;
  readonly sum: number;
  readonly weight: number;
}

/**
 * What each member starts with. Mean: its value and weight 1. Sum: its value, and weight 1 at exactly one member. Count: 1, and weight 1 at exactly
 * one member.
 */
export interface PushSumStart {
  readonly sum: number;
  readonly weight: number;
}

export const pushSumStart: {
  mean(value: number): PushSumStart;
  sum(value: number, root: 'root' | 'other'): PushSumStart;
  count(root: 'root' | 'other'): PushSumStart;
} = {
  mean: (value) => ({ sum: value, weight: 1 }),
  sum: (value, root) => ({ sum: value, weight: root === 'root' ? 1 : 0 }),
  count: (root) => ({ sum: 1, weight: root === 'root' ? 1 : 0 }),
};

export class PushSum {
  #epoch: number;
  #sum: number;
  #weight: number;

  constructor(start: PushSumStart, epoch: number = 0) {
    assert(Number.isFinite(start.sum), 'sum must be finite');
    assert(start.weight >= 0 && Number.isFinite(start.weight), 'weight must be finite and not negative');
    this.#epoch = epoch;
    this.#sum = start.sum;
    this.#weight = start.weight;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The aggregate as far as known here; undefined while no weight has come by. */
  get estimate(): number | undefined {
    return this.#weight > 0 ? this.#sum / this.#weight : undefined;
  }

  /** One round: the half to be sent to a member chosen at random. It is no longer here. */
  share(): PushSumShare {
    this.#sum /= 2;
    this.#weight /= 2;
    return { epoch: this.#epoch, sum: this.#sum, weight: this.#weight };
  }

  /**
   * A share has come, or one of ours was `returned` by the transport. `later`: it is of a higher epoch; call `restart` with that epoch and our present
   * input, then give it in again. `stale`: of an epoch that is over, ignored.
   */
  receive(share: PushSumShare): 'taken' | 'later' | 'stale' {
    assert(Number.isFinite(share.sum) && Number.isFinite(share.weight), 'a share must be finite');
    assert(share.weight >= 0, 'the weight of a share must not be negative');
    if (share.epoch !== this.#epoch) return share.epoch > this.#epoch ? 'later' : 'stale';
    this.#sum += share.sum;
    this.#weight += share.weight;
    return 'taken';
  }

  restart(start: PushSumStart, epoch: number): void {
    assert(epoch > this.#epoch, 'a restart needs a higher epoch');
    this.#epoch = epoch;
    this.#sum = start.sum;
    this.#weight = start.weight;
  }
}
