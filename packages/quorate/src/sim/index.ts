export { profileOf, runSeed, type SeedOptions, type SeedResult } from './run-seed.ts';
export { aimedShape, type Scenario } from './scenario.ts';
export { formatScenario, type LaidOut, parseScenario } from './scenario-file.ts';
export { describeShape, drawShape, type Shape } from './shape.ts';
export type { Violation } from './violations.ts';
