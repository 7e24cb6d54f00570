import type { Alarm } from '../requests.ts';

export interface QuotaParts {
  readonly quotaBytes: number;
  readonly sizeBytes: () => number;
  readonly alarms: () => readonly Alarm[];
  /** Raises the alarm, for all members. */
  readonly raise: () => Promise<unknown>;
}

/**
 * Raises `no-space` when the state has outgrown its quota; from then on the state machine refuses what would make it larger, on all
 * members alike, until an operator has made room and taken the alarm back.
 */
export class QuotaWatch {
  readonly #parts: QuotaParts;
  #raising = false;

  constructor(parts: QuotaParts) {
    this.#parts = parts;
  }

  /** To be called now and then while writes come in. */
  check(): void {
    const { quotaBytes, sizeBytes, alarms, raise } = this.#parts;
    if (this.#raising || sizeBytes() <= quotaBytes) return;
    if (alarms().some(({ alarm }) => alarm === 'no-space')) return;
    this.#raising = true;
    const over = (): void => {
      this.#raising = false;
    };
    // Without success it is raised with one of the next writes.
    raise().then(over, over);
  }
}
