import { assert, clear } from '@quorate/patterns/base';
import type { Proposal, ProposalRefusal } from './types.ts';

/** Consecutive entries of one batch: proposal `i` stands at `firstIndex + i`. */
interface Run {
  readonly firstIndex: number;
  readonly term: number;
  readonly proposals: readonly Proposal[];
}

/**
 * The local ends of a group's proposals, from the call until the outcome (request waiting list). Each leaves in exactly one of three ways:
 * `claim` hands it to the state machine, or it hears `refused` or `lost`.
 *
 * A leader that is deposed loses all that it has not seen committed, at once: whether they are committed by its successor it may learn
 * much later or never, and their owners have better things to do than to wait for it. Bounded by `queuedMax` per turn, and in the log by
 * the kernel's bound on uncommitted bytes.
 */
export class PendingProposals {
  readonly #queuedMax: number;
  #data: (Uint8Array | (() => Uint8Array))[] = [];
  #queued: Proposal[] = [];
  /** Refused within `add`, which must not call back: they hear of it at the end of the turn. */
  #turnedAway: { readonly proposal: Proposal; readonly refusal: ProposalRefusal }[] = [];
  readonly #asked: Map<number, readonly Proposal[]> = new Map();
  /** Ascending by index; before `#head` they have been claimed. */
  #runs: Run[] = [];
  #head = 0;
  /** Within the run at `#head`: how many have been claimed. */
  #claimed = 0;

  constructor(queuedMax: number) {
    this.#queuedMax = queuedMax;
  }

  get queued(): number {
    return this.#queued.length;
  }

  add(data: Uint8Array | (() => Uint8Array), proposal: Proposal): void {
    if (this.#queued.length >= this.#queuedMax) this.turnAway(proposal, { reason: 'overloaded', leader: undefined });
    else {
      this.#data.push(data);
      this.#queued.push(proposal);
    }
  }

  turnAway(proposal: Proposal, refusal: ProposalRefusal): void {
    this.#turnedAway.push({ proposal, refusal });
  }

  /** Everything queued becomes the batch `id`, to be answered by `accepted` or `refused`. */
  takeBatch(id: number): readonly Uint8Array[] {
    const data = this.#data;
    this.#asked.set(id, this.#queued);
    this.#data = [];
    this.#queued = [];
    return data.map((item) => (typeof item === 'function' ? item() : item));
  }

  /** Tells those that `add` turned away. */
  flushTurnedAway(): void {
    if (this.#turnedAway.length === 0) return;
    const turnedAway = this.#turnedAway;
    this.#turnedAway = [];
    for (const { proposal, refusal } of turnedAway) proposal.refused(refusal);
  }

  /** False when the batch is not one of these. */
  accepted(id: number, firstIndex: number, lastIndex: number, term: number): boolean {
    const proposals = this.#asked.get(id);
    if (proposals === undefined) return false;
    this.#asked.delete(id);
    assert(lastIndex - firstIndex + 1 === proposals.length, 'each proposal of a batch must be one entry');
    this.#runs.push({ firstIndex, term, proposals });
    return true;
  }

  refused(id: number, refusal: ProposalRefusal): boolean {
    const proposals = this.#asked.get(id);
    if (proposals === undefined) return false;
    this.#asked.delete(id);
    for (const proposal of proposals) proposal.refused(refusal);
    return true;
  }

  /** The proposal that stands at a committed entry, if it was made here. Entries are claimed in order, each once. */
  claim(index: number, term: number): Proposal | undefined {
    for (;;) {
      const run = this.#runs[this.#head];
      if (run === undefined || index < run.firstIndex) return undefined;
      const at = index - run.firstIndex;
      if (at >= run.proposals.length) {
        this.#loseRest(run);
        continue;
      }
      // Entries between the last claim and this one were skipped over by a snapshot.
      for (let i = this.#claimed; i < at; i++) run.proposals[i]!.lost();
      this.#claimed = at + 1;
      const proposal = run.proposals[at]!;
      if (this.#claimed === run.proposals.length) this.#advance();
      if (run.term === term) return proposal;
      proposal.lost();
      return undefined;
    }
  }

  /** Leadership is gone: whatever stands above `commitIndex` is lost; what stands at or below it will be claimed. */
  loseAfter(commitIndex: number): void {
    const kept: Run[] = [];
    const lost: Proposal[] = [];
    for (let r = this.#head; r < this.#runs.length; r++) {
      const run = this.#runs[r]!;
      const start = r === this.#head ? this.#claimed : 0;
      const cut = Math.max(start, Math.min(run.proposals.length, commitIndex + 1 - run.firstIndex));
      for (let i = cut; i < run.proposals.length; i++) lost.push(run.proposals[i]!);
      if (cut > start) kept.push({ ...run, proposals: run.proposals.slice(0, cut) });
    }
    // Runs ascend, so the first one kept, if any, is the one that claims have begun on.
    if (kept.length === 0) this.#claimed = 0;
    this.#runs = kept;
    this.#head = 0;
    for (const proposal of lost) proposal.lost();
  }

  /** No further answer will come: what is in the log is lost, the rest refused. */
  stop(): void {
    this.flushTurnedAway();
    const queued = this.#queued;
    this.#queued = [];
    this.#data = [];
    for (const proposal of queued) proposal.refused({ reason: 'stopped', leader: undefined });
    for (const proposals of this.#asked.values()) for (const proposal of proposals) proposal.lost();
    this.#asked.clear();
    this.loseAfter(-1);
  }

  #loseRest(run: Run): void {
    for (let i = this.#claimed; i < run.proposals.length; i++) run.proposals[i]!.lost();
    this.#advance();
  }

  #advance(): void {
    this.#head += 1;
    this.#claimed = 0;
    if (this.#head === this.#runs.length) {
      clear(this.#runs);
      this.#head = 0;
    } else if (this.#head >= 1024) {
      this.#runs.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
