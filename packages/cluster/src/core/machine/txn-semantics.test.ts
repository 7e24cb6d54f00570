/** What etcd's clients rely on and implementers get wrong; each checked against etcd 3.4.23 as well. */
import { describe, expect, test } from 'vitest';
import type { RangeResponse, TxnOperation } from '../requests.ts';
import { Bench, del, get, put, shown, txn, when, whenValue } from './machine.fixture.ts';

describe('transactions', () => {
  test('more than 128 operations or compares in a list are refused, and nested ones get what their parent left over', () => {
    const bench = new Bench();
    const puts = (n: number, prefix = 'k'): TxnOperation[] => Array.from({ length: n }, (_, i) => put(`${prefix}${i}`));
    expect(bench.code(txn([], puts(128)))).toBe('ok');
    expect(bench.code(txn([], puts(129)))).toBe('too-many-operations');
    expect(bench.code(txn([], [], puts(129)))).toBe('too-many-operations');
    const compares = Array.from({ length: 129 }, () => when('a', 'version', 'equal', 0));
    expect(bench.code(txn(compares, []))).toBe('too-many-operations');
    expect(bench.code(txn([], [txn([], puts(127))]))).toBe('ok');
    expect(bench.code(txn([], [txn([], puts(128))]))).toBe('too-many-operations');
    expect(bench.code(txn([], [txn([], puts(100)), txn([], puts(100, 'l'))]))).toBe('ok');
  });

  test('putting a key twice, or putting and deleting it, is refused, wherever it stands in the branch', () => {
    const bench = new Bench();
    expect(bench.code(txn([], [put('a'), put('a')]))).toBe('duplicate-key');
    expect(bench.code(txn([], [], [put('a'), put('a')]))).toBe('duplicate-key');
    expect(bench.code(txn([], [put('b'), del('a', 'c')]))).toBe('duplicate-key');
    expect(bench.code(txn([], [del('a', 'c'), put('b')]))).toBe('duplicate-key');
    expect(bench.code(txn([], [put('a'), txn([], [put('a')])]))).toBe('duplicate-key');
    expect(bench.code(txn([], [del('a'), txn([], [], [put('a')])]))).toBe('duplicate-key');
    expect(bench.code(txn([], [put('a'), txn([], [], [del('a')])]))).toBe('duplicate-key');
    expect(bench.code(txn([], [txn([], [put('a')]), txn([], [put('a')])]))).toBe('duplicate-key');
  });

  test('the branches of a transaction may touch the same keys, and so may those of a nested one', () => {
    const bench = new Bench();
    expect(bench.code(txn([], [put('a')], [put('a')]))).toBe('ok');
    expect(bench.code(txn([], [txn([], [put('a')], [put('a'), del('b')])]))).toBe('ok');
    expect(bench.code(txn([], [del('a'), del('a', 'c')]))).toBe('ok');
    expect(bench.code(txn([], [del('a', 'c'), put('c')]))).toBe('ok');
  });

  test('an empty key in a compare or an operation, at any depth, is refused', () => {
    const bench = new Bench();
    expect(bench.code(txn([when('', 'mod', 'equal', 0)], []))).toBe('key-empty');
    expect(bench.code(txn([], [], [txn([], [get('')])]))).toBe('key-empty');
  });

  test('a compare of a range must hold for every key in it', () => {
    const bench = new Bench();
    bench.put('a', 'x');
    bench.put('b', 'x');
    bench.put('c', 'y');
    const succeeded = (compare: Parameters<typeof txn>[0]): boolean => bench.txn(txn(compare, [])).succeeded;
    expect(succeeded([whenValue('a', 'equal', 'x', 'c')])).toBe(true);
    expect(succeeded([whenValue('a', 'equal', 'x', 'd')])).toBe(false);
    expect(succeeded([when('a', 'version', 'equal', 1, '\u0000')])).toBe(true);
    expect(succeeded([when('a', 'create', 'less', 4, '\u0000')])).toBe(false);
  });

  test('a key that is not there compares as all zeros, but has no value, not even an empty one', () => {
    const bench = new Bench();
    const succeeded = (compare: Parameters<typeof txn>[0]): boolean => bench.txn(txn(compare, [])).succeeded;
    for (const target of ['version', 'create', 'mod', 'lease'] as const) {
      expect(succeeded([when('a', target, 'equal', 0)])).toBe(true);
      expect(succeeded([when('a', target, 'greater', 0)])).toBe(false);
      expect(succeeded([when('a', target, 'less', 1)])).toBe(true);
    }
    expect(succeeded([whenValue('a', 'equal', '')])).toBe(false);
    expect(succeeded([whenValue('a', 'not-equal', 'x')])).toBe(false);
  });

  test('a lease can be compared', () => {
    const bench = new Bench();
    bench.do({ kind: 'lease-grant', id: 9, ttlSeconds: 60 });
    bench.put('a', '1', { lease: 9 });
    expect(bench.txn(txn([when('a', 'lease', 'equal', 9)], [])).succeeded).toBe(true);
    expect(bench.txn(txn([when('a', 'lease', 'equal', 8)], [])).succeeded).toBe(false);
  });

  test('values compare as bytes', () => {
    const bench = new Bench();
    bench.put('a', 'b');
    const succeeded = (result: 'less' | 'greater' | 'equal', operand: string): boolean =>
      bench.txn(txn([whenValue('a', result, operand)], [])).succeeded;
    expect([succeeded('less', 'ba'), succeeded('greater', 'azz'), succeeded('equal', 'b')]).toEqual([true, true, true]);
  });

  test('all compares, nested ones too, are decided on the state before the transaction', () => {
    const bench = new Bench();
    const answer = bench.txn(
      txn([], [put('a'), txn([when('a', 'version', 'equal', 0)], [put('then')], [put('else')])]),
    );
    expect((answer.responses[1] as { succeeded: boolean }).succeeded).toBe(true);
    expect(bench.content()).toEqual(['a=@2', 'then=@2']);
  });

  test('reads see the writes before them', () => {
    const bench = new Bench();
    bench.put('b', 'old');
    const answer = bench.txn(txn([], [get('a', 'z'), put('a', 'new'), get('a', 'z'), del('b'), get('a', 'z')]));
    const reads = answer.responses.filter((r) => r.kind === 'range').map((r) => shown(r.kvs).join(' '));
    expect(reads).toEqual(['b=old@2', 'a=new@3 b=old@2', 'a=new@3']);
  });

  test('a read at an old revision does not see them', () => {
    const bench = new Bench();
    bench.put('a', 'old');
    const answer = bench.txn(txn([], [put('a', 'new'), get('a', undefined, { revision: 2 })]));
    expect(shown((answer.responses[1] as RangeResponse).kvs)).toEqual(['a=old@2']);
  });

  test('a range with a bad revision, a missing key for ignoreValue or a missing lease fails the whole before anything is done', () => {
    const bench = new Bench();
    bench.put('k');
    bench.do({ kind: 'compact', revision: 2 });
    const attempts: [TxnOperation, string][] = [
      [get('x', undefined, { revision: 1 }), 'compacted'],
      [get('x', undefined, { revision: 3 }), 'future-revision'],
      [put('x', '', { ignoreValue: true }), 'key-not-found'],
      [put('x', '', { lease: 77 }), 'lease-not-found'],
    ];
    for (const [operation, code] of attempts) {
      expect(bench.code(txn([], [put('a'), operation]))).toBe(code);
      expect(bench.code(txn([], [put('a'), txn([], [operation])]))).toBe(code);
    }
    expect(bench.content()).toEqual(['k=@2']);
    expect(bench.code(txn([], [put('a')], [attempts[0]![0]]))).toBe('ok');
  });

  test('a key can be put by one nested transaction and deleted by the next; both happen, in one revision', () => {
    const bench = new Bench();
    const ear = bench.watch('k', undefined, { prevKv: true });
    bench.txn(txn([], [txn([], [put('k', 'v')]), txn([], [del('k')])]));
    bench.flush();
    expect(bench.content()).toEqual([]);
    expect(ear.events).toEqual(['put k=v@2', 'delete k@2']);
  });
});
