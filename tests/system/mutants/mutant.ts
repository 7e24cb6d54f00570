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
  readonly nodes: number;
  readonly faults: string;
  /** A seed that finds it; undefined while none is known. */
  readonly seed: string | undefined;
  /** Names of checks of which any may find it. */
  readonly checks: readonly string[];
}
