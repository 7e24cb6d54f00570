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

/** Makes the header of an answer from the revision it was given at. */
export type HeaderOf = (revision: number) => ResponseHeader;

/** Answers inside a transaction carry the revision alone. */
const innerHeader: HeaderOf = (revision) => ({ clusterId: 0, memberId: 0, revision, raftTerm: 0 });

export function fromCorePut(response: CorePut, headerOf: HeaderOf): PutResponse {
  return { header: headerOf(response.revision), prevKv: response.prevKv };
}

export function fromCoreRange(response: CoreRange, headerOf: HeaderOf): RangeResponse {
  return { header: headerOf(response.revision), kvs: response.kvs, more: response.more, count: response.count };
}

export function fromCoreDeleteRange(response: CoreDeleteRange, headerOf: HeaderOf): DeleteRangeResponse {
  return { header: headerOf(response.revision), deleted: response.deleted, prevKvs: response.prevKvs };
}

export function fromCoreTxn(response: CoreTxn, headerOf: HeaderOf): TxnResponse {
  return {
    header: headerOf(response.revision),
    succeeded: response.succeeded,
    responses: response.responses.map(fromCoreOperation),
  };
}

function fromCoreOperation(response: TxnOperationResponse): ResponseOp {
  switch (response.kind) {
    case 'range':
      return { ...NO_RESPONSE, responseRange: fromCoreRange(response, innerHeader) };
    case 'put':
      return { ...NO_RESPONSE, responsePut: fromCorePut(response, innerHeader) };
    case 'delete-range':
      return { ...NO_RESPONSE, responseDeleteRange: fromCoreDeleteRange(response, innerHeader) };
    case 'txn':
      return { ...NO_RESPONSE, responseTxn: fromCoreTxn(response, innerHeader) };
  }
}

const NO_RESPONSE: ResponseOp = {
  responseRange: undefined,
  responsePut: undefined,
  responseDeleteRange: undefined,
  responseTxn: undefined,
};
