import { describe, expect, test } from 'vitest';
import { Compare, PutRequest, RangeRequest, RangeResponse } from '../messages/kv.ts';
import { HashKvResponse } from '../messages/maintenance.ts';
import { WatchResponse } from '../messages/watch.ts';
import { fromJson, toJson } from './json.ts';

describe('to JSON', () => {
  test('64-bit integers are strings, bytes base64, enums names, and defaults are left out', () => {
    const kv = {
      key: Buffer.from('foo'),
      value: Buffer.from([0xfb, 0xff]),
      createRevision: 2,
      modRevision: 3,
      version: 2,
      lease: 0,
    };
    const response = {
      header: { clusterId: 1, memberId: 2, revision: 3, raftTerm: 4 },
      kvs: [kv],
      more: false,
      count: 1,
    };
    expect(toJson(RangeResponse, response)).toEqual({
      header: { cluster_id: '1', member_id: '2', revision: '3', raft_term: '4' },
      kvs: [{ key: 'Zm9v', create_revision: '2', mod_revision: '3', version: '2', value: '+/8=' }],
      count: '1',
    });
  });

  test('32-bit integers are numbers', () => {
    expect(toJson(HashKvResponse, { header: undefined, hash: 4_000_000_000, compactRevision: -1 })).toEqual({
      hash: 4_000_000_000,
      compact_revision: '-1',
    });
  });

  test('events name their type', () => {
    const kv = {
      key: Buffer.from('a'),
      value: Buffer.alloc(0),
      createRevision: 0,
      modRevision: 3,
      version: 0,
      lease: 0,
    };
    const response = { ...WatchResponse.create(), events: [{ type: 1, kv, prevKv: undefined }] };
    expect(toJson(WatchResponse, response)).toEqual({
      events: [{ type: 'DELETE', kv: { key: 'YQ==', mod_revision: '3' } }],
    });
  });

  test('a set alternative of a oneof stays even when it is zero', () => {
    expect(toJson(Compare, { ...Compare.create(), version: 0 })).toEqual({ version: '0' });
  });
});

describe('from JSON', () => {
  test('names come as in the .proto file or in camel case, integers as strings or numbers, enums as names or numbers', () => {
    const expected = {
      ...RangeRequest.create(),
      key: Buffer.from('foo'),
      rangeEnd: Buffer.from('fop'),
      limit: 5,
      sortOrder: 2,
    };
    expect(fromJson(RangeRequest, { key: 'Zm9v', range_end: 'Zm9w', limit: '5', sort_order: 'DESCEND' })).toEqual(
      expected,
    );
    expect(fromJson(RangeRequest, { key: 'Zm9v', rangeEnd: 'Zm9w', limit: 5, sortOrder: 2 })).toEqual(expected);
  });

  const refused: [string, Parameters<typeof fromJson>[1], RegExp][] = [
    ['an unknown field', { kee: 'Zm9v' }, /unknown field "kee" in PutRequest/],
    ['bytes that are not base64', { key: '***' }, /PutRequest\.key: expected base64, got "\*\*\*"/],
    ['an integer with a fraction', { lease: 1.5 }, /PutRequest\.lease: expected an integer, got 1\.5/],
    ['a truth value in words', { prev_kv: 'yes' }, /PutRequest\.prev_kv: expected true or false/],
    ['something that is no object', [1], /PutRequest: expected a JSON object/],
  ];
  for (const [name, json, reason] of refused) {
    test(`${name} is refused`, () => expect(() => fromJson(PutRequest, json)).toThrow(reason));
  }
});
