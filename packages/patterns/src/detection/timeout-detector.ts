/**
 * The plain detector: silent for longer than `timeoutMs` means unavailable.
 *
 * Chandra and Toueg, JACM 1996, section 3, with a fixed timeout. Joshi, "Patterns of Distributed Systems", 2023, chapter "HeartBeat": the timeout
 * should be well above the heartbeat interval plus the worst round trip. Differs in one point: time in which this process stood still is excused.
 *
 * No clock: time comes in. O(1) in time and memory.
 */
import { assert, Instant } from '../base/index.ts';
import type { FailureDetector } from './failure-detector.ts';

export class TimeoutDetector implements FailureDetector {
  readonly #timeoutMs: number;
  #heardAt: Instant | undefined;

  constructor(timeoutMs: number) {
    assert(timeoutMs > 0 && Number.isFinite(timeoutMs), 'timeoutMs must be a finite number above 0');
    this.#timeoutMs = timeoutMs;
  }

  get deadline(): Instant | undefined {
    return this.#heardAt === undefined ? undefined : Instant.add(this.#heardAt, this.#timeoutMs);
  }

  heartbeat(now: Instant): void {
    this.#heardAt = now;
  }

  stalled(delayMs: number, now: Instant): void {
    if (this.#heardAt === undefined || !(delayMs > 0)) return;
    this.#heardAt = Instant.of(Math.min(now, this.#heardAt + delayMs));
  }

  /** Silence in timeouts: 1 is the threshold. */
  suspicion(now: Instant): number {
    return this.#heardAt === undefined ? 0 : Math.max(0, (now - this.#heardAt) / this.#timeoutMs);
  }

  available(now: Instant): boolean {
    return this.#heardAt === undefined || now < this.#heardAt + this.#timeoutMs;
  }
}
