/** What etcd's clients rely on and implementers get wrong; each checked against etcd 3.4.23 as well. */
import { describe, expect, test } from 'vitest';
import type { RangeResponse } from '../requests.ts';
import { Bench, bytes, del, get, put, shown, text, txn } from './machine.fixture.ts';

describe('revisions', () => {
  test('an empty store stands at revision 1', () => {
    expect(new Bench().range(get('a')).revision).toBe(1);
  });

  test('a transaction with any number of changes is one revision, and all that it puts carry it', () => {
    const bench = new Bench();
    const answer = bench.txn(txn([], [put('a'), put('b'), del('x'), put('c')]));
    expect(answer.revision).toBe(2);
    expect(bench.range(get('\u0000', '\u0000')).kvs.map((kv) => kv.modRevision)).toEqual([2, 2, 2]);
  });

  test('deleting nothing, reading in a transaction, or failing changes no revision', () => {
    const bench = new Bench();
    bench.put('a');
    expect(bench.do<'delete-range'>(del('x')).revision).toBe(2);
    expect(bench.txn(txn([], [get('a'), del('x')])).revision).toBe(2);
    expect(bench.code(put('', 'v'))).toBe('key-empty');
    expect(bench.machine.revision).toBe(2);
  });

  test('after a delete, a key starts again with version 1 and a new create revision', () => {
    const bench = new Bench();
    bench.put('a', '1');
    bench.put('a', '2');
    expect(bench.kv('a')).toMatchObject({ createRevision: 2, modRevision: 3, version: 2 });
    bench.do(del('a'));
    bench.put('a', '3');
    expect(bench.kv('a')).toMatchObject({ createRevision: 5, modRevision: 5, version: 1 });
  });

  test('parts of a transaction answer with the revision that it has at that point, nested transactions with none', () => {
    const bench = new Bench();
    const answer = bench.txn(txn([], [get('a'), del('x'), put('a'), get('a'), txn([], [get('a')])]));
    expect(answer.responses.map((r) => r.revision)).toEqual([1, 1, 2, 2, 0]);
  });
});

describe('ranges', () => {
  const filled = (): Bench => {
    const bench = new Bench();
    for (const [key, value] of [
      ['a', '3'],
      ['b', '1'],
      ['c', '2'],
      ['d', '1'],
      ['a', '0'],
    ] as const) {
      bench.put(key, value);
    }
    return bench;
  };
  const keysOf = (answer: RangeResponse): string => answer.kvs.map((kv) => text(kv.key)).join('');

  test('no end is one key, an end is exclusive, an end of zero is everything from the key on', () => {
    const bench = filled();
    expect(keysOf(bench.range(get('b')))).toBe('b');
    expect(keysOf(bench.range(get('b', 'd')))).toBe('bc');
    expect(keysOf(bench.range(get('b', '\u0000')))).toBe('bcd');
    expect(keysOf(bench.range(get('\u0000', '\u0000')))).toBe('abcd');
    expect(keysOf(bench.range(get('c', 'b')))).toBe('');
  });

  test('an empty key is refused', () => {
    expect(filled().rangeCode(get('', 'z'))).toBe('key-empty');
  });

  test('the count is of all keys, before limit and filters, and more says that the limit cut', () => {
    const bench = filled();
    expect(bench.range(get('a', 'z', { limit: 2 }))).toMatchObject({ count: 4, more: true });
    expect(bench.range(get('a', 'z', { limit: 4 }))).toMatchObject({ count: 4, more: false });
    expect(bench.range(get('a', 'z', { minModRevision: 5 }))).toMatchObject({ count: 4, more: false });
    expect(keysOf(bench.range(get('a', 'z', { minModRevision: 5 })))).toBe('ad');
    expect(bench.range(get('a', 'z', { countOnly: true, limit: 1 }))).toMatchObject({ kvs: [], count: 4, more: false });
  });

  test('with an order or a filter the limit applies after it', () => {
    const bench = filled();
    expect(keysOf(bench.range(get('a', 'z', { sortOrder: 'descend', limit: 2 })))).toBe('dc');
    expect(bench.range(get('a', 'z', { maxModRevision: 4, limit: 1 }))).toMatchObject({ more: true });
    expect(keysOf(bench.range(get('a', 'z', { minCreateRevision: 4, maxCreateRevision: 5 })))).toBe('cd');
  });

  test('a sort target without an order ascends, but over the first keys only when there is a limit', () => {
    const bench = filled();
    expect(keysOf(bench.range(get('a', 'z', { sortTarget: 'value' })))).toBe('abdc');
    expect(keysOf(bench.range(get('a', 'z', { sortTarget: 'mod', limit: 2 })))).toBe('bc');
    expect(keysOf(bench.range(get('a', 'z', { sortTarget: 'mod', sortOrder: 'descend', limit: 2 })))).toBe('ad');
    expect(keysOf(bench.range(get('a', 'z', { sortTarget: 'version', sortOrder: 'descend' })))[0]).toBe('a');
    expect(keysOf(bench.range(get('a', 'z', { sortTarget: 'create', sortOrder: 'descend' })))).toBe('dcba');
  });

  test('keysOnly leaves values out', () => {
    const kv = filled().range(get('a', undefined, { keysOnly: true })).kvs[0]!;
    expect(kv).toEqual({ key: bytes('a'), value: bytes(''), createRevision: 2, modRevision: 6, version: 2, lease: 0 });
  });

  test('an old revision shows the state as it was, with the present revision in the answer', () => {
    const answer = filled().range(get('a', 'z', { revision: 3 }));
    expect(shown(answer.kvs)).toEqual(['a=3@2', 'b=1@3']);
    expect(answer.revision).toBe(6);
  });

  test('a revision to come is refused; a compacted one too, but not the compact revision itself', () => {
    const bench = filled();
    bench.do({ kind: 'compact', revision: 4 });
    expect(bench.rangeCode(get('a', undefined, { revision: 7 }))).toBe('future-revision');
    expect(bench.rangeCode(get('a', undefined, { revision: 3 }))).toBe('compacted');
    expect(shown(bench.range(get('a', 'z', { revision: 4 })).kvs)).toEqual(['a=3@2', 'b=1@3', 'c=2@4']);
    bench.flush();
    expect(shown(bench.range(get('a', 'z', { revision: 4 })).kvs)).toEqual(['a=3@2', 'b=1@3', 'c=2@4']);
  });

  test('keys are bytes, of any kind, and order as bytes do', () => {
    const bench = new Bench();
    const odd = [new Uint8Array([0]), new Uint8Array([0x7f]), new Uint8Array([0x80, 0]), new Uint8Array([0xff, 0xff])];
    for (const key of [...odd].reverse()) bench.do({ kind: 'put', key, value: key });
    const { kvs } = bench.range(get('\u0000', '\u0000'));
    expect(kvs.map((kv) => [...kv.key])).toEqual(odd.map((key) => [...key]));
    expect(kvs.map((kv) => [...kv.value])).toEqual(odd.map((key) => [...key]));
  });
});

describe('puts', () => {
  test('prevKv gives the version that was replaced', () => {
    const bench = new Bench();
    expect(bench.do<'put'>(put('a', '1', { prevKv: true })).prevKv).toBeUndefined();
    expect(shown([bench.do<'put'>(put('a', '2', { prevKv: true })).prevKv!])).toEqual(['a=1@2']);
  });

  test('ignoreValue keeps the value, ignoreLease keeps the lease', () => {
    const bench = new Bench();
    bench.do({ kind: 'lease-grant', id: 9, ttlSeconds: 60 });
    bench.put('a', '1', { lease: 9 });
    bench.put('a', '', { ignoreValue: true });
    expect(bench.kv('a')).toMatchObject({ value: bytes('1'), lease: 0, version: 2 });
    bench.put('a', '1', { lease: 9 });
    bench.put('a', '2', { ignoreLease: true });
    expect(bench.kv('a')).toMatchObject({ value: bytes('2'), lease: 9, version: 4 });
  });

  test('ignoreValue with a value, ignoreLease with a lease, and either on a key that is not there are refused', () => {
    const bench = new Bench();
    expect(bench.code(put('a', '1', { ignoreValue: true }))).toBe('value-provided');
    expect(bench.code(put('a', '1', { ignoreLease: true, lease: 1 }))).toBe('lease-provided');
    expect(bench.code(put('a', '', { ignoreValue: true }))).toBe('key-not-found');
    expect(bench.code(put('a', '1', { ignoreLease: true }))).toBe('key-not-found');
  });

  test('a lease that does not exist is refused', () => {
    expect(new Bench().code(put('a', '1', { lease: 5 }))).toBe('lease-not-found');
  });

  test('when both lease and key are missing, a put on its own misses the lease, and one in a transaction the key', () => {
    const bench = new Bench();
    const both = put('a', '', { lease: 5, ignoreValue: true });
    expect(bench.code(both)).toBe('lease-not-found');
    expect(bench.code(txn([], [both]))).toBe('key-not-found');
    bench.put('a', '1');
    expect(bench.code(txn([], [both]))).toBe('lease-not-found');
  });

  test('a put without a lease detaches the key from the one it had', () => {
    const bench = new Bench();
    bench.do({ kind: 'lease-grant', id: 9, ttlSeconds: 60 });
    bench.put('a', '1', { lease: 9 });
    bench.put('a', '2');
    bench.do({ kind: 'lease-revoke', id: 9 });
    expect(bench.content()).toEqual(['a=2@3']);
  });
});

describe('compaction', () => {
  test('at or below the compact revision it is refused as compacted, above the present as future', () => {
    const bench = new Bench();
    for (let i = 0; i < 4; i++) bench.put('a');
    expect(bench.code({ kind: 'compact', revision: 6 })).toBe('future-revision');
    expect(bench.code({ kind: 'compact', revision: 3 })).toBe('ok');
    expect(bench.code({ kind: 'compact', revision: 3 })).toBe('compacted');
    expect(bench.code({ kind: 'compact', revision: 2 })).toBe('compacted');
    expect(bench.code({ kind: 'compact', revision: 5 })).toBe('ok');
  });

  test('before the first one the compact revision is −1', () => {
    const bench = new Bench();
    expect(bench.machine.compactRevision).toBe(-1);
    expect(bench.code({ kind: 'compact', revision: 0 })).toBe('ok');
  });

  test('it frees what it should: the size is as if only what can be read had ever been written', () => {
    const bench = new Bench();
    bench.put('a', 'x'.repeat(1000));
    bench.put('b', 'y');
    const { sizeBytes } = bench.machine;
    for (let i = 0; i < 100; i++) bench.put('a', 'z'.repeat(1000));
    bench.do(del('b'));
    bench.put('b', 'y');
    bench.put('c', 'y');
    bench.do(del('c'));
    bench.do({ kind: 'compact', revision: bench.machine.revision });
    expect(bench.machine.sizeBytes).toBe(sizeBytes);
  });
});
