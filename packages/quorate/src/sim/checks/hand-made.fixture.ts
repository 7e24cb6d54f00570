/** What a check is given, made by hand: a log of commands, what clients asked and heard, and what the check then reports. */

import type { KeyValue, RangeResponse, WriteResponse } from '@quorate/cluster/core';
import { type Command, encodeBatch, encodeCommand, type SessionHeader } from '@quorate/cluster/core/codec';
import { markedValue } from '../oracle/marks.ts';
import { type ReferenceLease, ReferenceStore } from '../oracle/reference-store.ts';
import { Violations } from '../violations.ts';
import { OperationLog, type Recorded, type Touch } from '../workload/operation-log.ts';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export class HandMade {
  readonly violations: Violations = new Violations(() => 0);
  /** Marks that were carried out twice. */
  readonly twice: number[] = [];
  readonly expired: ReferenceLease[] = [];
  repetitions = 0;
  readonly reference: ReferenceStore = new ReferenceStore({
    twice: (mark) => void this.twice.push(mark),
    expired: (lease) => void this.expired.push(lease),
    repeated: () => {
      this.repetitions += 1;
    },
  });
  readonly operations: OperationLog = new OperationLog(() => 0);

  /** The names of the checks that have reported, each once. */
  get found(): string[] {
    return [...new Set(this.violations.found.map(({ check }) => check))];
  }

  commit(command: Command, header?: SessionHeader): void {
    this.reference.apply(encodeBatch([encodeCommand(command, header)]));
  }

  /** Commits a put of that mark, and returns its revision. */
  put(key: string, mark: number, lease = 0): number {
    this.commit({ kind: 'put', key: bytes(key), value: bytes(markedValue(mark)), lease });
    return this.reference.revision;
  }

  begin(text: string, mark = 0, touches: readonly Touch[] = [], client = 'c1'): Recorded {
    return this.operations.begin(client, text.split(' ')[0]!, text, mark, touches);
  }
}

export function putAnswer(revision: number): WriteResponse {
  return { kind: 'put', revision };
}

export function rangeAnswer(revision: number, ...kvs: readonly KeyValue[]): RangeResponse {
  return { kind: 'range', revision, kvs, more: false, count: kvs.length };
}

/** A key with the value of a mark, as created and last changed at these revisions. */
export function keyValue(
  key: string,
  mark: number,
  createRevision: number,
  modRevision: number = createRevision,
  version = 1,
): KeyValue {
  return { key: bytes(key), value: bytes(markedValue(mark)), createRevision, modRevision, version, lease: 0 };
}
