export { type EtcdGateway, type EtcdGatewayOptions, startEtcdGateway } from './gateway.ts';
