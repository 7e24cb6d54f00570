import type { SeedOptions } from 'quorate/sim';

/** What a run is given: plain data, since it is another process that runs it. */
export type Plan = Omit<SeedOptions, 'onTrace'>;

/** A deliberate bug: an exact change of what was built, and how the simulation finds it. Never a switch in shipped code. */
export interface Mutant {
  readonly name: string;
  /** What goes wrong, and whose rule it breaks. */
  readonly story: string;
  /** Built file, from `packages/` on. */
  readonly file: string;
  /** Must be there exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The run of a seed: drawn from it, but aimed. */
  readonly plan: (seed: string) => Plan;
  /** From here on a seed finds it. Undefined while none is known, which fails its test. */
  readonly seed: string | undefined;
  /** Names of checks of which any may find it. */
  readonly checks: readonly string[];
}
