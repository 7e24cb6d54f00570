/** A counter that is incremented blindly ends at no less than was acknowledged, and at no more than was asked for: exactly-once, seen from outside. */
import type { KeyValue } from '@quorate/cluster/core';
import type { Violations } from '../violations.ts';
import type { OperationLog } from '../workload/operation-log.ts';

export class CounterCheck {
  readonly #operations: OperationLog;
  readonly #violations: Violations;

  constructor(operations: OperationLog, violations: Violations) {
    this.#operations = operations;
    this.#violations = violations;
  }

  judge(counter: KeyValue | undefined): void {
    const row = this.#operations.counts.get('increment');
    if (row === undefined) return;
    const found = counter?.version ?? 0;
    const most = row.answered + row.unknown;
    if (found >= row.answered && found <= most) return;
    const what = `the counter is ${found} after ${row.answered} acknowledged increments and ${row.unknown} without an answer`;
    this.#violations.report('exactly-once', what);
  }
}
