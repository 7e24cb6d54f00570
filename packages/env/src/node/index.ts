export {
  type ClockPair,
  parseChronyTracking,
  parseClockBound,
  readClockBoundFile,
  readClockPair,
} from './clock-bound-file.ts';
export { MD5, SHA1, SHA256 } from './digests.ts';
export type { LogFormat, LogLevel, NodeLogOptions } from './log.ts';
export { createNodeEnv, type NodeEnv, type NodeEnvOptions } from './node-env.ts';
