export { type RunningNode, type StartNodeSettings, startNode } from './start-node.ts';
