export { CoreService, type CoreServiceParts, QUOTA_BYTES_DEFAULT } from './core-service.ts';
export { idOf } from './member-id.ts';
export { ServedMachine } from './served-machine.ts';
export { NativeServer } from './server/native-server.ts';
