export type { LogFormat, LogLevel, NodeLogOptions } from './log.ts';
export { createNodeEnv, type NodeEnv, type NodeEnvOptions } from './node-env.ts';
