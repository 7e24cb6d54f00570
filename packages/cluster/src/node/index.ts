export { type CoreNodeConfig, NodeConfigError } from './config.ts';
export { type CoreNode, startCoreNode } from './core-node.ts';
export { clusterIdOf, founderIdOf } from './identity.ts';
export { type RestoreConfig, type Restored, restoreDataDirectory } from './restore.ts';
