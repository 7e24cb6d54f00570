export {
  type ClientCallOptions,
  type ClientStream,
  type ClientStreamListener,
  GrpcClient,
  type MethodRef,
} from './grpc-client.ts';
