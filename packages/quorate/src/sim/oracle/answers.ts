/** Answers as text: what a client was told and what the reference says can then be compared, and shown, as they are. */
import type { KeyValue, RangeResponse, TxnOperationResponse, WriteResponse } from '@quorate/cluster/core';
import type { Version } from './key-history.ts';
import { nameOf } from './large-values.ts';

const decoder = new TextDecoder();

export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

export function versionOf(kv: KeyValue): Version {
  const { createRevision, modRevision, version, lease } = kv;
  return { key: textOf(kv.key), value: nameOf(kv.value), createRevision, modRevision, version, lease };
}

export function showVersion(version: Version | undefined): string {
  if (version === undefined) return 'nothing';
  const lease = version.lease === 0 ? '' : ` lease ${version.lease}`;
  return `${version.key}=${version.value} (created ${version.createRevision}, changed ${version.modRevision}, version ${version.version}${lease})`;
}

export function showVersions(versions: readonly Version[]): string {
  return `[${versions.map(showVersion).join(', ')}]`;
}

export function showRange(response: RangeResponse): string {
  return showVersions(response.kvs.map(versionOf));
}

function showPart(response: TxnOperationResponse): string {
  switch (response.kind) {
    case 'put':
      return 'put';
    case 'delete-range':
      return `deleted ${response.deleted}`;
    case 'range':
      return showRange(response);
    case 'txn':
      return `${response.succeeded} ${response.responses.map(showPart).join('; ')}`;
  }
}

/** What a client heard of a write. */
export function showAnswer(response: WriteResponse): string {
  switch (response.kind) {
    case 'put':
      return `revision ${response.revision}: put`;
    case 'delete-range':
      return `revision ${response.revision}: deleted ${response.deleted}`;
    case 'txn':
      return `revision ${response.revision}: ${response.succeeded} ${response.responses.map(showPart).join('; ')}`;
    default:
      return `revision ${response.revision}: ${response.kind}`;
  }
}
