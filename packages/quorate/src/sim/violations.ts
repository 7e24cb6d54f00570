/** What a check has found: its name, and what was seen, in words that can be understood without the code. */
export interface Violation {
  readonly check: string;
  readonly what: string;
  /** Virtual time since the world began. */
  readonly timeMs: number;
}

/** Violations of one run that are kept: the first ones explain, the others only follow. */
const KEPT_MAX = 8;

/** Where the checks of one run report. The run ends soon after the first report. */
export class Violations {
  readonly found: Violation[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get any(): boolean {
    return this.found.length > 0;
  }

  report(check: string, what: string): void {
    if (this.found.length < KEPT_MAX) this.found.push({ check, what, timeMs: this.#nowMs() });
  }
}
