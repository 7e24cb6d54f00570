export {
  type ClockPair,
  parseChronyTracking,
  parseClockBound,
  readClockBoundFile,
  readClockPair,
} from './clock-bound-file.ts';
export type { LogFormat, LogLevel, NodeLogOptions } from './log.ts';
export { createNodeEnv, type NodeEnv, type NodeEnvOptions } from './node-env.ts';
