import { assert } from '@quorate/patterns/base';
import type { NodeId } from '@quorate/patterns/consensus/raft';
import type { ProposalRefusal } from '../../raft/types.ts';
import type { CoreError } from '../errors.ts';
import type { CoreProposal } from '../machine/core-machine.ts';
import type { Reply } from '../machine/reply.ts';
import { coreError } from '../messages.ts';
import type { WriteSink } from './write-queue.ts';

/** The askers of one entry's writes, in the order of its commands. */
export class WriteBatch implements CoreProposal {
  readonly #sinks: WriteSink[] = [];
  readonly #tags: number[] = [];
  readonly #settled: (batch: WriteBatch) => void;
  /** The encoded entry, once it has been closed. */
  payload: Uint8Array | undefined;
  #done = false;
  #replied = 0;

  /** `settled` is called once, when the outcome is there, before the last asker hears of it. */
  constructor(settled: (batch: WriteBatch) => void) {
    this.#settled = settled;
  }

  get count(): number {
    return this.#sinks.length;
  }

  /** The next command's asker, and what it calls it. */
  add(sink: WriteSink, tag: number): void {
    this.#sinks.push(sink);
    this.#tags.push(tag);
  }

  /** From the state machine: one answer per command, in order. */
  reply(commandIndex: number, reply: Reply): void {
    assert(commandIndex === this.#replied, 'the commands of an entry must be answered in order, each once');
    this.#replied += 1;
    if (this.#replied === this.#sinks.length) this.#finish();
    this.#sinks[commandIndex]!.written(this.#tags[commandIndex]!, reply);
  }

  /** All commands fail alike. */
  fail(error: CoreError, leader: NodeId | undefined): void {
    this.#finish();
    for (let i = 0; i < this.#sinks.length; i++) this.#sinks[i]!.refused(this.#tags[i]!, error, leader);
  }

  refused({ reason, leader }: ProposalRefusal): void {
    // Whoever is handing over is the leader still, but must not be asked again: who comes next is not known yet.
    const next = reason === 'transferring' ? undefined : leader;
    this.fail(refusal(reason, next), next);
  }

  lost(): void {
    this.fail(coreError('leader-changed', { outcome: 'unknown' }), undefined);
  }

  #finish(): void {
    assert(!this.#done, 'an entry must have one outcome');
    this.#done = true;
    this.#settled(this);
  }
}

function refusal(reason: ProposalRefusal['reason'], leader: NodeId | undefined): CoreError {
  switch (reason) {
    case 'not-leader':
    case 'transferring':
      return coreError(leader === undefined ? 'no-leader' : 'not-leader');
    case 'overloaded':
      return coreError('too-many-requests');
    case 'stopped':
      return coreError('stopped');
  }
}
