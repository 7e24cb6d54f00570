export { profileOf, runSeed, type SeedOptions, type SeedResult } from './run-seed.ts';
export type { Scenario } from './scenario.ts';
export { describeShape, drawShape, type Shape } from './shape.ts';
export type { Violation } from './violations.ts';
