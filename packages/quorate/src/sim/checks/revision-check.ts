/**
 * Strict serializability by evidence: the log gives every write a place and every read a revision, so that no order has to be searched
 * for. An answer must be what the reference says at that place; what was answered before a call began must lie before it
 * (Herlihy and Wing, "Linearizability", TOPLAS 1990, section 3.3, with the log as the linearization). It is durability, too: an answered
 * write that is in no log is found here, and so is a refused one that was carried out after all.
 */
import { CoreError } from '@quorate/cluster/client';
import type { RangeResponse, WriteResponse } from '@quorate/cluster/core';
import { showAnswer, showRange, showVersions, versionOf } from '../oracle/answers.ts';
import type { ReferenceStore } from '../oracle/reference-store.ts';
import type { Violations } from '../violations.ts';
import { describeOperation, type OperationLog, type Recorded } from '../workload/operation-log.ts';

/** What has been answered to anybody so far. */
export interface Floor {
  readonly position: number;
  readonly revision: number;
}

export interface ReadOptions {
  readonly from: string;
  readonly to: string | undefined;
  /** 0 for the present. */
  readonly revision: number;
  /** Serializable: may be old. */
  readonly weak: boolean;
}

export class RevisionCheck {
  readonly #reference: ReferenceStore;
  readonly #operations: OperationLog;
  readonly #violations: Violations;
  #position = 0;
  #revision = 1;

  constructor(reference: ReferenceStore, operations: OperationLog, violations: Violations) {
    this.#reference = reference;
    this.#operations = operations;
    this.#violations = violations;
  }

  /** To be taken when a call begins. */
  floor(): Floor {
    return { position: this.#position, revision: this.#revision };
  }

  writeAnswered(recorded: Recorded, response: WriteResponse, floor: Floor): void {
    this.#operations.answered(recorded, showAnswer(response));
    const applied = this.#reference.applied(recorded.mark);
    if (applied?.answer === undefined) {
      this.#report('durability', recorded, 'is answered, but no log contains it');
      return;
    }
    if (applied.answer !== recorded.answer) {
      this.#report('revisions', recorded, `must be answered by: ${applied.answer}`);
    }
    if (applied.position <= floor.position || applied.revision < floor.revision) {
      const what = `is command ${applied.position} at revision ${applied.revision}, but command ${floor.position} and revision ${floor.revision} were answered before it was called`;
      this.#report('real-time-order', recorded, what);
    }
    this.#raise(applied.position, applied.revision);
  }

  readAnswered(recorded: Recorded, options: ReadOptions, response: RangeResponse, floor: Floor): void {
    this.#operations.answered(recorded, `revision ${response.revision}: ${showRange(response)}`);
    const { history } = this.#reference;
    if (response.revision > history.revision) {
      this.#report('revisions', recorded, `is from the future: only ${history.revision} is committed`);
      return;
    }
    const at = options.revision === 0 ? response.revision : options.revision;
    const expected = showVersions(history.range(options.from, options.to, at));
    if (expected !== showRange(response)) {
      this.#report('revisions', recorded, `must find at revision ${at}: ${expected}`);
    }
    recorded.values = recorded.touches.map(
      ({ key }) => response.kvs.map(versionOf).find((kv) => kv.key === key)?.value,
    );
    if (options.weak) return;
    if (response.revision < floor.revision) {
      const what = `is stale: revision ${floor.revision} was answered before it was called`;
      this.#report('stale-read', recorded, what);
    }
    this.#raise(0, response.revision);
  }

  failed(recorded: Recorded, error: unknown): void {
    if (!(error instanceof CoreError)) throw error;
    this.#operations.failed(recorded, error);
  }

  /** At the end: what was refused as not applied is not in the log, save as a refusal. */
  refusedStayOut(): void {
    for (const recorded of this.#operations.all) {
      if (recorded.outcome !== 'refused' || recorded.mark === 0) continue;
      if (this.#reference.applied(recorded.mark)?.answer === undefined) continue;
      this.#report('honest-refusals', recorded, 'was carried out after all');
    }
  }

  #raise(position: number, revision: number): void {
    this.#position = Math.max(this.#position, position);
    this.#revision = Math.max(this.#revision, revision);
  }

  #report(check: string, recorded: Recorded, what: string): void {
    this.#violations.report(check, `${describeOperation(recorded)}\n    ${what}`);
  }
}
