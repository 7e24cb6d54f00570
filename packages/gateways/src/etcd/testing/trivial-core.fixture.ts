import type {
  Core,
  CoreStatus,
  KeyValue,
  PutResponse,
  RangeRequest,
  RangeResponse,
  WriteRequest,
} from '@quorate/cluster/core';

/** The least that answers Put and Range of single keys: what the gateway itself costs is measured against it. */
export function trivialCore(): Core {
  const store = new Map<string, KeyValue>();
  let revision = 1;
  const keyOf = (key: Uint8Array): string => Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
  const status = {
    clusterId: 1001,
    memberId: 7,
    name: 'trivial',
    version: '0',
    raft: { term: 2, role: 'leader', leader: 7 },
    revision: 1,
    compactRevision: 0,
    sizeBytes: 0,
    quotaBytes: 0,
    alarms: [],
  } as unknown as CoreStatus;
  const core = {
    status,
    members: [],
    write(request: WriteRequest): Promise<PutResponse> {
      if (request.kind !== 'put') return Promise.reject(new Error(`trivial core cannot ${request.kind}`));
      revision += 1;
      const key = keyOf(request.key);
      const before = store.get(key);
      store.set(key, {
        key: request.key.slice(),
        value: request.value.slice(),
        createRevision: before?.createRevision ?? revision,
        modRevision: revision,
        version: (before?.version ?? 0) + 1,
        lease: request.lease ?? 0,
      });
      return Promise.resolve({ kind: 'put', revision });
    },
    range(request: RangeRequest): Promise<RangeResponse> {
      const kv = store.get(keyOf(request.key));
      const kvs = kv === undefined ? [] : [kv];
      return Promise.resolve({ kind: 'range', revision, kvs, more: false, count: kvs.length });
    },
  };
  return core as unknown as Core;
}
