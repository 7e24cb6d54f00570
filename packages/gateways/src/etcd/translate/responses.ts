/** From the core's answers to etcd's messages. The core's `KeyValue` already has the shape of etcd's. */
import type {
  DeleteRangeResponse as CoreDeleteRange,
  PutResponse as CorePut,
  RangeResponse as CoreRange,
  TxnResponse as CoreTxn,
  TxnOperationResponse,
} from '@quorate/cluster/core';
import type {
  DeleteRangeResponse,
  PutResponse,
  RangeResponse,
  ResponseHeader,
  ResponseOp,
  TxnResponse,
} from '../messages/kv.ts';

/** Answers inside a transaction carry the revision alone. */
const innerHeader = (revision: number): ResponseHeader => ({ clusterId: 0, memberId: 0, revision, raftTerm: 0 });

export function fromCorePut(response: CorePut, header: ResponseHeader): PutResponse {
  return { header, prevKv: response.prevKv };
}

export function fromCoreRange(response: CoreRange, header: ResponseHeader): RangeResponse {
  return { header, kvs: response.kvs, more: response.more, count: response.count };
}

export function fromCoreDeleteRange(response: CoreDeleteRange, header: ResponseHeader): DeleteRangeResponse {
  return { header, deleted: response.deleted, prevKvs: response.prevKvs };
}

export function fromCoreTxn(response: CoreTxn, header: ResponseHeader): TxnResponse {
  return {
    header,
    succeeded: response.succeeded,
    responses: response.responses.map(fromCoreOperation),
  };
}

function fromCoreOperation(response: TxnOperationResponse): ResponseOp {
  switch (response.kind) {
    case 'range':
      return { ...NO_RESPONSE, responseRange: fromCoreRange(response, innerHeader(response.revision)) };
    case 'put':
      return { ...NO_RESPONSE, responsePut: fromCorePut(response, innerHeader(response.revision)) };
    case 'delete-range':
      return { ...NO_RESPONSE, responseDeleteRange: fromCoreDeleteRange(response, innerHeader(response.revision)) };
    case 'txn':
      return { ...NO_RESPONSE, responseTxn: fromCoreTxn(response, innerHeader(response.revision)) };
  }
}

const NO_RESPONSE: ResponseOp = {
  responseRange: undefined,
  responsePut: undefined,
  responseDeleteRange: undefined,
  responseTxn: undefined,
};
