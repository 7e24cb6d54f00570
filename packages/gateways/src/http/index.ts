export { formatMetrics, type Metric } from './metrics.ts';
export { type HttpGateway, type HttpGatewayOptions, startHttpGateway } from './server.ts';
export { coreMetrics, type NodeStatus, nodeStatus } from './status.ts';
