import type { CoreError } from '../errors.ts';
import { coreError } from '../messages.ts';
import type { KeyValue, RangeRequest, RangeResponse, SortTarget } from '../requests.ts';
import { keyRange } from './key-range.ts';
import type { KeySpace } from './key-space.ts';
import { KeyOnly, type StoredVersion } from './stored-version.ts';

const NONE: readonly KeyValue[] = [];

/**
 * Answers a range as etcd 3.4 does. `count` is of all keys in the range, before limit and filters. The limit is applied while keys are gathered,
 * unless a sort order or a filter is given; so with a sort target but no order, the first keys by name are the ones that get sorted.
 */
export function readRange(space: KeySpace, request: RangeRequest): RangeResponse | CoreError {
  const present = space.readRevision;
  const asked = request.revision ?? 0;
  if (asked > present) return coreError('future-revision');
  const revision = asked <= 0 ? present : asked;
  if (revision < space.compactRevision) return coreError('compacted');

  const limit = request.limit ?? 0;
  const gatherMax = limit > 0 && !gathersAll(request) ? limit + 1 : Number.POSITIVE_INFINITY;
  const found: StoredVersion[] = [];
  let count = 0;
  const countOnly = request.countOnly === true;
  space.scan(keyRange(request.key, request.rangeEnd), revision, (version) => {
    if (!countOnly && count < gatherMax) found.push(version);
    count += 1;
    return true;
  });
  if (countOnly) return { kind: 'range', revision: present, kvs: NONE, more: false, count };

  let versions = filtered(request, found);
  sort(request, versions);
  const more = limit > 0 && versions.length > limit;
  if (more) versions = versions.slice(0, limit);
  const kvs = request.keysOnly === true ? versions.map((version) => new KeyOnly(version)) : versions;
  return { kind: 'range', revision: present, kvs, more, count };
}

function gathersAll(request: RangeRequest): boolean {
  return (request.sortOrder ?? 'none') !== 'none' || filters(request);
}

function filters(request: RangeRequest): boolean {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  return Boolean(minModRevision || maxModRevision || minCreateRevision || maxCreateRevision);
}

function filtered(request: RangeRequest, versions: StoredVersion[]): StoredVersion[] {
  if (!filters(request)) return versions;
  const minMod = request.minModRevision || Number.NEGATIVE_INFINITY;
  const maxMod = request.maxModRevision || Number.POSITIVE_INFINITY;
  const minCreate = request.minCreateRevision || Number.NEGATIVE_INFINITY;
  const maxCreate = request.maxCreateRevision || Number.POSITIVE_INFINITY;
  return versions.filter(
    (v) =>
      v.revision >= minMod && v.revision <= maxMod && v.createRevision >= minCreate && v.createRevision <= maxCreate,
  );
}

type Order = (a: StoredVersion, b: StoredVersion) => number;

const orders: Readonly<Record<SortTarget, Order>> = {
  key: (a, b) => (a.cell.key < b.cell.key ? -1 : a.cell.key > b.cell.key ? 1 : 0),
  version: (a, b) => a.version - b.version,
  create: (a, b) => a.createRevision - b.createRevision,
  mod: (a, b) => a.revision - b.revision,
  value: (a, b) => compareBytes(a.slab.bytes, a.start, a.length, b.slab.bytes, b.start, b.length),
};

/** In place; equal ones keep the order of their keys, which is how versions come. */
function sort(request: RangeRequest, versions: StoredVersion[]): void {
  const target = request.sortTarget ?? 'key';
  const given = request.sortOrder ?? 'none';
  const order = given === 'none' && target !== 'key' ? 'ascend' : given;
  if (order === 'none' || versions.length < 2) return;
  const ascending = orders[target];
  versions.sort(order === 'ascend' ? ascending : (a, b) => ascending(b, a));
}

export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aLength: number,
  b: Uint8Array,
  bStart: number,
  bLength: number,
): number {
  const shorter = Math.min(aLength, bLength);
  for (let i = 0; i < shorter; i++) {
    const difference = a[aStart + i]! - b[bStart + i]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}
