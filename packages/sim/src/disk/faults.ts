import { DiskError } from '@quorate/env';
import type { SeededStream } from '../random/index.ts';

/**
 * What an operation asks of the device. `names` are creations, renames and removals; `query` asks for names and sizes,
 * opens, locks and closes, and never fails by itself.
 */
export type DiskOperationKind = 'query' | 'read' | 'write' | 'sync' | 'names';

/** Rates are probabilities per operation. All zero is a healthy disk. */
export interface DiskFaultRates {
  readonly readError: number;
  /** The bytes may or may not have been taken all the same. */
  readonly writeError: number;
  /** What was to be synced is dropped, wholly or in part, and a later sync does not bring it back. */
  readonly syncError: number;
  /** A bit in the range that is read has flipped on the device, for good. */
  readonly readBitFlip: number;
}

export const NO_DISK_FAULTS: DiskFaultRates = { readError: 0, writeError: 0, syncError: 0, readBitFlip: 0 };

interface PlannedFailure {
  readonly kind: DiskOperationKind;
  readonly pathStart: string;
  left: number;
}

/** Decides which operations fail. At most 1,000 failures can be planned at a time. */
export class DiskFaults {
  rates: DiskFaultRates = NO_DISK_FAULTS;
  /** How many operations have failed by decision of this object. */
  injected = 0;
  readonly #random: SeededStream;
  #planned: PlannedFailure[] = [];

  constructor(random: SeededStream) {
    this.#random = random;
  }

  /** The next `times` operations of that kind on paths that start so will fail with `io`. */
  failNext(kind: DiskOperationKind, options: { readonly pathStart?: string; readonly times?: number } = {}): void {
    if (this.#planned.length >= 1000) throw new RangeError('1,000 disk failures are planned already');
    this.#planned.push({ kind, pathStart: options.pathStart ?? '/', left: options.times ?? 1 });
  }

  heal(): void {
    this.rates = NO_DISK_FAULTS;
    this.#planned = [];
  }

  /** The error for this operation, or undefined when it shall succeed. */
  draw(kind: DiskOperationKind, path: string): DiskError | undefined {
    if (!this.#isPlanned(kind, path) && !this.#random.chance(this.#rateOf(kind))) return undefined;
    this.injected += 1;
    return new DiskError('io', path, `input/output error in ${kind} of ${path} (injected)`);
  }

  drawBitFlip(): boolean {
    const flips = this.#random.chance(this.rates.readBitFlip);
    if (flips) this.injected += 1;
    return flips;
  }

  /** One side of a coin: whether the bytes of a failed operation arrived all the same. */
  coin(): boolean {
    return this.#random.below(2) === 0;
  }

  below(bound: number): number {
    return this.#random.below(bound);
  }

  #isPlanned(kind: DiskOperationKind, path: string): boolean {
    if (this.#planned.length === 0) return false;
    const plan = this.#planned.find((planned) => planned.kind === kind && path.startsWith(planned.pathStart));
    if (plan === undefined) return false;
    plan.left -= 1;
    if (plan.left === 0) this.#planned = this.#planned.filter((planned) => planned !== plan);
    return true;
  }

  #rateOf(kind: DiskOperationKind): number {
    switch (kind) {
      case 'read':
        return this.rates.readError;
      case 'write':
        return this.rates.writeError;
      case 'sync':
        return this.rates.syncError;
      case 'names':
      case 'query':
        return 0;
    }
  }
}
