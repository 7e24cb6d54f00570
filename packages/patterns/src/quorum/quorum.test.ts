import { describe, expect, test } from 'vitest';
import { committedIndex, describe as describeQuorum, jointCommittedIndex, majoritySize, voteResult } from './index.ts';

const valueIn = (values: Record<string, number>) => (voter: string) => values[voter] ?? 0;

test('a majority is more than half', () => {
  expect([0, 1, 2, 3, 4, 5, 7].map(majoritySize)).toEqual([1, 1, 2, 2, 3, 3, 4]);
});

describe('the committed index', () => {
  test('of three is the middle one, of five the third', () => {
    expect(committedIndex(['a', 'b', 'c'], valueIn({ a: 9, b: 3, c: 5 }))).toBe(5);
    expect(committedIndex(['a', 'b', 'c', 'd', 'e'], valueIn({ a: 9, b: 3, c: 5, d: 8 }))).toBe(5);
  });

  test('counts a voter of whom nothing is known as 0', () => {
    expect(committedIndex(['a', 'b', 'c', 'd'], valueIn({ a: 9, b: 9 }))).toBe(0);
  });

  test('of no voters objects to nothing', () => {
    expect(committedIndex([], () => 0)).toBe(Number.POSITIVE_INFINITY);
    expect(jointCommittedIndex(['a'], [], () => 4)).toBe(4);
    expect(voteResult([], () => undefined)).toBe('won');
  });

  test('serves for instants too, also before the clock’s zero', () => {
    const since: Record<string, number> = { a: -5, b: Number.NEGATIVE_INFINITY, c: -1, d: -9 };
    expect(committedIndex(['a', 'b', 'c', 'd'], (voter) => since[voter]!)).toBe(-9);
  });

  test('asks each voter once', () => {
    const asked: string[] = [];
    committedIndex(['a', 'b', 'c', 'd', 'e'], (voter) => asked.push(voter));
    expect(asked).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});

describe('a picture of a quorum', () => {
  test('shows who has reached what, and what follows', () => {
    const picture = describeQuorum([1, 2, 10], (voter) => (voter === 10 ? undefined : 8 / voter));
    expect(picture.split('\n')).toEqual([
      '10                       unknown',
      ' 2  ██████████           4',
      ' 1  ████████████████████ 8',
      '=> 4 committed',
    ]);
  });

  test('marks those who lag, and shows both halves of a joint quorum', () => {
    const values: Record<string, number> = { a: 5, b: 5, c: 1, d: 2 };
    const picture = describeQuorum(['a', 'b', 'c'], (voter) => values[voter], ['c', 'd', 'a']);
    expect(picture.split('\n')).toEqual([
      'incoming',
      'c  ████                 1 < 5',
      'a  ████████████████████ 5',
      'b  ████████████████████ 5',
      'outgoing',
      'c  ████                 1 < 2',
      'd  ████████             2',
      'a  ████████████████████ 5',
      '=> 2 committed',
    ]);
  });

  test('says so when there are no voters', () => {
    expect(describeQuorum([], () => 1)).toBe('=> no voters');
  });
});
