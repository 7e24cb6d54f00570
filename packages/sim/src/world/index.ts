export type { DrainStrategy } from '../engine/drain.ts';
export { DeterminismError } from '../engine/guard.ts';
export type { Trace, TraceEntry, TraceMode } from '../engine/trace.ts';
export type { LogLevel } from './process-parts.ts';
export type { RunOptions, RunResult } from './runner.ts';
export type { Main, SimNode } from './sim-node.ts';
export {
  type ErrorPolicy,
  type LogLine,
  type ProcessFailure,
  SimulationError,
  World,
  type WorldOptions,
} from './world.ts';
