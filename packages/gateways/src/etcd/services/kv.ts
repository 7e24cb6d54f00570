import { type Core, CoreError } from '@quorate/cluster/core';
import type { Method, UnaryMethod } from '../grpc/method.ts';
import * as pb from '../messages/kv.ts';
import { toCoreDeleteRange, toCorePut, toCoreRange, toCoreRevision, toCoreTxn } from '../translate/requests.ts';
import { fromCoreDeleteRange, fromCorePut, fromCoreRange, fromCoreTxn } from '../translate/responses.ts';
import { callOptions, type Headers } from './answers.ts';

/** What etcd takes as one entry of its log. */
const WRITE_BYTES_MAX = 1_572_864;

function admitWrite(sizeBytes: number): void {
  if (sizeBytes <= WRITE_BYTES_MAX) return;
  throw new CoreError('request-too-large', `a request of ${sizeBytes} bytes, at most ${WRITE_BYTES_MAX} are taken`);
}

/** etcd's KV service. */
export function kvService(core: Core, headers: Headers): [path: string, method: Method][] {
  const range: UnaryMethod<pb.RangeRequest, pb.RangeResponse> = {
    kind: 'unary',
    request: pb.RangeRequest,
    response: pb.RangeResponse,
    async handle(request, context) {
      const { serializable } = request;
      const options = serializable ? { ...callOptions(context), serializable } : callOptions(context);
      const response = await core.range(toCoreRange(request), options);
      return fromCoreRange(response, headers.at(response.revision));
    },
  };
  const put: UnaryMethod<pb.PutRequest, pb.PutResponse> = {
    kind: 'unary',
    request: pb.PutRequest,
    response: pb.PutResponse,
    admitSize: admitWrite,
    async handle(request, context) {
      const response = await core.write(toCorePut(request), callOptions(context));
      return fromCorePut(response, headers.at(response.revision));
    },
  };
  const deleteRange: UnaryMethod<pb.DeleteRangeRequest, pb.DeleteRangeResponse> = {
    kind: 'unary',
    request: pb.DeleteRangeRequest,
    response: pb.DeleteRangeResponse,
    admitSize: admitWrite,
    async handle(request, context) {
      const response = await core.write(toCoreDeleteRange(request), callOptions(context));
      return fromCoreDeleteRange(response, headers.at(response.revision));
    },
  };
  const txn: UnaryMethod<pb.TxnRequest, pb.TxnResponse> = {
    kind: 'unary',
    request: pb.TxnRequest,
    response: pb.TxnResponse,
    admitSize: admitWrite,
    async handle(request, context) {
      const response = await core.write(toCoreTxn(request), callOptions(context));
      return fromCoreTxn(response, headers.at(response.revision));
    },
  };
  const compact: UnaryMethod<pb.CompactionRequest, pb.HeaderOnly> = {
    kind: 'unary',
    request: pb.CompactionRequest,
    response: pb.CompactionResponse,
    async handle(request, context) {
      const revision = toCoreRevision(request.revision);
      const response = await core.write({ kind: 'compact', revision }, callOptions(context));
      return { header: headers.at(response.revision) };
    },
  };
  return [
    ['/etcdserverpb.KV/Range', range],
    ['/etcdserverpb.KV/Put', put],
    ['/etcdserverpb.KV/DeleteRange', deleteRange],
    ['/etcdserverpb.KV/Txn', txn],
    ['/etcdserverpb.KV/Compact', compact],
  ];
}
