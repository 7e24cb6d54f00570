import { describe, expect, test } from 'vitest';
import { hashKey, PartitionTable, partitionOf } from './index.ts';

describe('fixed partitions', () => {
  test('a key’s partition is its hash modulo their number, whoever holds it', () => {
    const table = PartitionTable.empty(12);
    const later = table.change([[3, ['a']]]);
    for (let i = 0; i < 200; i++) {
      expect(table.partitionOf(`key ${i}`)).toBe(hashKey(`key ${i}`) % 12);
      expect(later.partitionOf(`key ${i}`)).toBe(partitionOf(`key ${i}`, 12));
    }
  });

  test('a change makes another table of the next epoch and leaves the old one as it was', () => {
    const table = PartitionTable.of(4, [['a', 'b'], ['b'], []]);
    const next = table.change([[2, ['c', 'a']]]);
    expect([table.epoch, next.epoch]).toEqual([4, 5]);
    expect(table.replicas[2]).toEqual([]);
    expect(next.replicas).toEqual([['a', 'b'], ['b'], ['c', 'a']]);
    expect([next.heldBy('a'), next.heldBy('c'), next.heldBy('x')]).toEqual([[0, 2], [2], []]);
  });

  test('a key is served by those who hold its partition, the leader first', () => {
    const table = PartitionTable.of(0, [['a', 'b'], []]);
    const [first, second] = [0, 1].map(
      (wanted) => [...Array(20).keys()].map(String).find((key) => partitionOf(key, 2) === wanted)!,
    );
    expect([table.ownerOf(first!), table.replicasOf(first!)]).toEqual(['a', ['a', 'b']]);
    expect(table.ownerOf(second!)).toBeUndefined();
  });

  test('tells who is behind: the table or the request', () => {
    const table = PartitionTable.of(5, [[]]);
    expect([4, 5, 6].map((epoch) => table.standing(epoch))).toEqual(['ahead', 'current', 'behind']);
  });

  test('refuses tables that are none', () => {
    expect(() => PartitionTable.empty(0)).toThrow(/1 to 65536 partitions/);
    expect(() => PartitionTable.empty(65_537)).toThrow(RangeError);
    expect(() => PartitionTable.empty(1.5)).toThrow(/1 to 65536 partitions, got 1.5/);
    for (const count of [0, -1, 1.5, Number.NaN]) expect(() => partitionOf('key', count)).toThrow(RangeError);
    expect(() => PartitionTable.of(Number.NaN, [[]])).toThrow(/epoch of a table must be a whole number/);
    expect(() => PartitionTable.empty(2).change([[2, ['a']]])).toThrow(/no partition 2/);
    expect(() => PartitionTable.empty(2).change([[1, ['a', 'a']]])).toThrow(/partition 1 must be distinct/);
  });
});
