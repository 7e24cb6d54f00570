import type { Core } from '@quorate/cluster/core';
import type { CallContext, Method, UnaryMethod } from '../grpc/method.ts';
import * as pb from '../messages/kv.ts';
import { toCoreDeleteRange, toCorePut, toCoreRange, toCoreTxn } from '../translate/requests.ts';
import { fromCoreDeleteRange, fromCorePut, fromCoreRange, fromCoreTxn, type HeaderOf } from '../translate/responses.ts';

/** etcd's KV service. */
export function kvService(core: Core, headerOf: HeaderOf): [path: string, method: Method][] {
  const range: UnaryMethod<pb.RangeRequest, pb.RangeResponse> = {
    kind: 'unary',
    request: pb.RangeRequest,
    response: pb.RangeResponse,
    handle: async (request, context) =>
      fromCoreRange(
        await core.range(toCoreRange(request), { ...callOptions(context), serializable: request.serializable }),
        headerOf,
      ),
  };
  const put: UnaryMethod<pb.PutRequest, pb.PutResponse> = {
    kind: 'unary',
    request: pb.PutRequest,
    response: pb.PutResponse,
    handle: async (request, context) =>
      fromCorePut(await core.write(toCorePut(request), callOptions(context)), headerOf),
  };
  const deleteRange: UnaryMethod<pb.DeleteRangeRequest, pb.DeleteRangeResponse> = {
    kind: 'unary',
    request: pb.DeleteRangeRequest,
    response: pb.DeleteRangeResponse,
    handle: async (request, context) =>
      fromCoreDeleteRange(await core.write(toCoreDeleteRange(request), callOptions(context)), headerOf),
  };
  const txn: UnaryMethod<pb.TxnRequest, pb.TxnResponse> = {
    kind: 'unary',
    request: pb.TxnRequest,
    response: pb.TxnResponse,
    handle: async (request, context) =>
      fromCoreTxn(await core.write(toCoreTxn(request), callOptions(context)), headerOf),
  };
  const compact: UnaryMethod<pb.CompactionRequest, pb.HeaderOnly> = {
    kind: 'unary',
    request: pb.CompactionRequest,
    response: pb.CompactionResponse,
    handle: async ({ revision }, context) => {
      const response = await core.write({ kind: 'compact', revision }, callOptions(context));
      return { header: headerOf(response.revision) };
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

function callOptions(context: CallContext): { timeoutMs?: number } {
  return context.timeoutMs === undefined ? {} : { timeoutMs: context.timeoutMs };
}
