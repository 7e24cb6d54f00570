/**
 * A machine's oscillator and what hangs on it: an oscillator that runs at its own rate, and a wall clock that people and
 * daemons set. The oscillator's changes of rate are small and never make it go back; the wall clock may do anything.
 */

/** 2025-01-01T00:00:00Z: where every world's wall clocks begin. */
export const WORLD_EPOCH_MS: number = 1_735_689_600_000;

export interface ClockSource {
  readonly nowUs: number;
}

export class DriftingClock {
  readonly #source: ClockSource;
  #rate = 1;
  #anchorUs = 0;
  #anchorMs = 0;
  #wallOffsetMs = 0;

  constructor(source: ClockSource) {
    this.#source = source;
  }

  /** Milliseconds that the oscillator has counted since the world began. */
  elapsedMs(): number {
    return this.#anchorMs + ((this.#source.nowUs - this.#anchorUs) * this.#rate) / 1000;
  }

  wallMs(): number {
    return Math.floor(WORLD_EPOCH_MS + this.elapsedMs() + this.#wallOffsetMs);
  }

  /** Milliseconds counted per true millisecond. */
  get rate(): number {
    return this.#rate;
  }

  /** How far the wall clock is from a perfect one. */
  get errorMs(): number {
    return this.elapsedMs() + this.#wallOffsetMs - this.#source.nowUs / 1000;
  }

  /** Parts per million: 200 gains 0.2 ms per second. Quartz is within 100, a bad virtual machine within 1,000. */
  setDriftPpm(ppm: number): void {
    if (!(Math.abs(ppm) < 500_000)) throw new RangeError(`a drift must be within ±500,000 ppm, but was ${ppm}`);
    this.#anchorMs = this.elapsedMs();
    this.#anchorUs = this.#source.nowUs;
    this.#rate = 1 + ppm / 1e6;
  }

  /** Sets the wall clock forward, or back when negative. */
  jump(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Sets the wall clock right and the rate to 1. */
  heal(): void {
    this.setDriftPpm(0);
    this.#wallOffsetMs = this.#source.nowUs / 1000 - this.elapsedMs();
  }
}
