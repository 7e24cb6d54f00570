/** The sum of many runs, and how it is printed. */
import type { SeedResult } from './run-seed.ts';
import type { Outcome } from './workload/operation-log.ts';

export class Tally {
  seeds = 0;
  simulatedMs = 0;
  events = 0;
  violations = 0;
  /** Processor time of the runs, which other work on the machine does not stretch. */
  cpuMs = 0;
  readonly injected: Map<string, number> = new Map();
  readonly marks: Map<string, number> = new Map();
  readonly operations: Map<string, Record<Outcome, number>> = new Map();

  add(result: SeedResult, cpuMs: number): void {
    this.seeds += 1;
    this.cpuMs += cpuMs;
    this.simulatedMs += result.simulatedMs;
    this.events += result.events;
    this.violations += result.violations.length;
    sum(this.injected, result.injected);
    sum(this.marks, result.marks);
    for (const [kind, counts] of result.operations) {
      const row = this.operations.get(kind) ?? { pending: 0, answered: 0, refused: 0, unknown: 0 };
      for (const outcome of Object.keys(row) as Outcome[]) row[outcome] += counts[outcome];
      this.operations.set(kind, row);
    }
  }

  lines(wallMs: number): string[] {
    const cpuSeconds = this.cpuMs / 1000;
    const rateOver = (seconds: number): number => Math.round(this.events / seconds);
    const total: Record<Outcome, number> = { pending: 0, answered: 0, refused: 0, unknown: 0 };
    for (const counts of this.operations.values()) {
      for (const outcome of Object.keys(total) as Outcome[]) total[outcome] += counts[outcome];
    }
    return [
      `${this.seeds} seeds: ${(this.simulatedMs / 1000).toFixed(0)} s simulated in ${(wallMs / 1000).toFixed(1)} s (${cpuSeconds.toFixed(1)} s of processor)`,
      `${this.events} events, ${rateOver(wallMs / 1000)} events per second, ${rateOver(cpuSeconds)} per second of processor time`,
      `faults      ${listed(this.injected) || 'none'}`,
      `operations  ${total.answered} answered, ${total.refused} refused, ${total.unknown} without an answer; ${[...this.operations.keys()].sort().join(', ')}`,
      `reached     ${listed(this.marks, SHOWN_MARKS)}`,
      `${this.violations} violations`,
    ];
  }
}

const SHOWN_MARKS = 24;

function sum(into: Map<string, number>, from: ReadonlyMap<string, number>): void {
  for (const [key, count] of from) into.set(key, (into.get(key) ?? 0) + count);
}

function listed(counts: ReadonlyMap<string, number>, max: number = Number.POSITIVE_INFINITY): string {
  const sorted = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const shown = sorted.slice(0, max).map(([name, count]) => `${name} ${count}`);
  if (sorted.length > max) shown.push(`and ${sorted.length - max} more`);
  return shown.join(', ');
}
