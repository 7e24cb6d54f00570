import { describe, expect, test } from 'vitest';
import { RevisionLog } from './index.ts';

const filled = (count: number): RevisionLog<{ revision: number }> => {
  const log = new RevisionLog<{ revision: number }>();
  // Two items a revision.
  for (let i = 0; i < count; i++) log.append({ revision: 1 + (i >> 1) }, i);
  return log;
};

describe('a revision log', () => {
  test('finds the first item of a revision, or of the next one that there is', () => {
    const log = filled(5000);
    expect([log.seek(0), log.seek(1), log.seek(2), log.seek(2500), log.seek(9999)]).toEqual([0, 0, 2, 4998, 5000]);
  });

  test('keeps the places of items when older ones are dropped', () => {
    const log = filled(5000);
    log.dropBefore(3001);
    expect([log.first, log.end, log.size]).toEqual([3001, 5000, 1999]);
    expect(log.at(3001).revision).toBe(1501);
    expect(log.seek(1)).toBe(3001);
    expect(() => log.at(3000)).toThrow(/between first and end/);
    expect(() => log.at(5000)).toThrow(/between first and end/);
  });

  test('sums weights over spans that begin or end among dropped items', () => {
    const log = filled(3000);
    const all = (3000 * 2999) / 2;
    expect([log.weightBefore(0), log.weightBefore(1500), log.weightBefore(3000)]).toEqual([0, (1500 * 1499) / 2, all]);
    log.dropBefore(1500);
    expect([log.weightBefore(1500), log.weightBefore(3000)]).toEqual([(1500 * 1499) / 2, all]);
  });

  test('can be emptied and filled again', () => {
    const log = filled(1024);
    log.dropBefore(1024);
    expect([log.size, log.seek(1)]).toEqual([0, 1024]);
    log.append({ revision: 600 });
    expect([log.at(1024).revision, log.seek(600)]).toEqual([600, 1024]);
  });

  test('cannot drop what was not appended', () => {
    expect(() => filled(3).dropBefore(4)).toThrow(/only what was appended/);
  });
});
