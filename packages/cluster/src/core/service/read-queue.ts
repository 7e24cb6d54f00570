import type { RaftGroup } from '../../raft/types.ts';
import type { CoreError } from '../errors.ts';
import { coreError } from '../messages.ts';
import { fromGroupError } from './group-errors.ts';

/** Something to be done once everything acknowledged before it was asked for has been applied here. */
export interface ReadJob {
  /** With an error when that point could not be reached; nothing may be read then. */
  ready(error: CoreError | undefined): void;
}

/** Jobs that wait, of all askers together, beyond which more are refused with `too-many-requests`. */
export const READS_WAITING_MAX = 131_072;

/** Linearizable reads. The group lets all that come in one turn wait for one barrier (Ongaro's thesis, section 6.4). */
export class ReadQueue {
  readonly #group: RaftGroup;
  #waiting = 0;

  constructor(group: RaftGroup) {
    this.#group = group;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Returns a refusal, and then nothing else happens, or undefined. */
  add(job: ReadJob): CoreError | undefined {
    if (this.#waiting >= READS_WAITING_MAX) return coreError('too-many-requests');
    this.#waiting += 1;
    this.#group.readBarrier((error) => {
      this.#waiting -= 1;
      job.ready(error === undefined ? undefined : fromGroupError(error));
    });
    return undefined;
  }
}
