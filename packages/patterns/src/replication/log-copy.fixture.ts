import type { GenerationStart, LogEffect } from './index.ts';
import type { LogRecordView } from './log-invariants.fixture.ts';

type PersistEffect = LogEffect & { readonly kind: 'persist' };

/** The records of one replica, in memory or on disk: what a driver does with the effects of a kernel. */
export class LogCopy {
  start = 0;
  records: LogRecordView[] = [];

  get end(): number {
    return this.start + this.records.length;
  }

  copy(): LogCopy {
    const copy = new LogCopy();
    copy.start = this.start;
    copy.records = this.records.slice();
    return copy;
  }

  change({ truncateTo, restartAt }: PersistEffect, added: readonly LogRecordView[]): void {
    if (truncateTo !== undefined) this.truncate(truncateTo);
    if (restartAt !== undefined) {
      this.records = [];
      this.start = restartAt;
    }
    this.records.push(...added);
  }

  truncate(to: number): void {
    this.records.length = Math.max(0, Math.min(this.records.length, to - this.start));
  }

  drop(start: number): void {
    if (start <= this.start) return;
    this.records.splice(0, start - this.start);
    this.start = start;
  }

  values(from: number, count: number): number[] {
    return this.records.slice(from - this.start, from - this.start + count).map(({ value }) => value);
  }

  get starts(): GenerationStart[] {
    return this.records.flatMap(({ generation }, at) =>
      this.records[at - 1]?.generation === generation ? [] : [{ generation, start: this.start + at }],
    );
  }
}
