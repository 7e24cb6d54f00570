/**
 * What etcd promises of a watch (etcd, "API guarantees"): ordered, unique, reliable, atomic, resumable, bookmarkable. A batch must hold exactly
 * the changes of its keys between the batch before and its own revision, with what was there before when that was asked for.
 */
import type { WatchBatch } from '@quorate/cluster/client';
import type { WatchEvent } from '@quorate/cluster/core';
import { showVersion, textOf, versionOf } from '../oracle/answers.ts';
import type { Change } from '../oracle/key-history.ts';
import type { ReferenceStore } from '../oracle/reference-store.ts';
import type { Violations } from '../violations.ts';

export interface Watched {
  readonly name: string;
  readonly from: string;
  readonly to: string | undefined;
  readonly previous: boolean;
  readonly without: 'puts' | 'deletes' | undefined;
}

export class WatchCheck {
  readonly #reference: ReferenceStore;
  readonly #violations: Violations;
  readonly watched: Watched;
  /** The first revision not seen. */
  next: number;

  constructor(reference: ReferenceStore, violations: Violations, watched: Watched, next: number) {
    this.#reference = reference;
    this.#violations = violations;
    this.watched = watched;
    this.next = next;
  }

  seen(batch: WatchBatch): void {
    if (batch.revision > this.#reference.revision) {
      this.#report(`hears of revision ${batch.revision}, only ${this.#reference.revision} is committed`);
    }
    const changes = this.#expected(batch.revision);
    const expected = changes.map((change, i) => showChange(change, this.#showsBefore(change, batch.events[i])));
    const heard = batch.events.map((event, i) => showEvent(event, this.#showsBefore(changes[i], event)));
    if (expected.join('\n') !== heard.join('\n')) {
      const range = `from revision ${this.next} to ${batch.revision}`;
      this.#report(
        `hears ${range}: ${heard.join('; ') || 'nothing'}\n    must hear: ${expected.join('; ') || 'nothing'}`,
      );
    }
    this.next = Math.max(this.next, batch.revision + 1);
  }

  /** What was there before may be compacted, and is then left out. */
  #showsBefore(change: Change | undefined, event: WatchEvent | undefined): boolean {
    if (!this.watched.previous || change === undefined) return this.watched.previous;
    return event?.prevKv !== undefined || change.revision > this.#reference.compactRevision;
  }

  /** The watcher is told that what it needs is gone. */
  compacted(requested: number, available: number): void {
    if (available > requested && available <= this.#reference.compactRevision + 1) return;
    const what = `is told that ${requested} is compacted and ${available} the first there is; compacted up to ${this.#reference.compactRevision}`;
    this.#report(what);
  }

  /** What it has still to hear. */
  get outstanding(): number {
    return this.#expected(this.#reference.revision).length;
  }

  #expected(upTo: number): Change[] {
    const { from, to, without } = this.watched;
    const changes = this.#reference.history.changesBetween(this.next, upTo, from, to);
    return changes.filter(({ now }) => (now === undefined ? without !== 'deletes' : without !== 'puts'));
  }

  #report(what: string): void {
    const { name, from, to } = this.watched;
    this.#violations.report('watch', `${name} watches ${from}${to === undefined ? '' : ` to ${to}`} and ${what}`);
  }
}

function showChange({ revision, key, now, before }: Change, previous: boolean): string {
  const what = now === undefined ? `delete ${key} at ${revision}` : `put ${showVersion(now)}`;
  return previous ? `${what} after ${showVersion(before)}` : what;
}

function showEvent({ type, kv, prevKv }: WatchEvent, previous: boolean): string {
  const what =
    type === 'delete' ? `delete ${textOf(kv.key)} at ${kv.modRevision}` : `put ${showVersion(versionOf(kv))}`;
  return previous ? `${what} after ${showVersion(prevKv === undefined ? undefined : versionOf(prevKv))}` : what;
}
