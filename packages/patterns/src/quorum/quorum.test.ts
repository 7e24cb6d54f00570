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
    for (const voters of ['a', 'ab', 'abc', 'abcd', 'abcde'].map((names) => [...names])) {
      const asked: string[] = [];
      committedIndex(voters, (voter) => asked.push(voter));
      expect(asked).toEqual(voters);
    }
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

  test('counts what is unknown as 0, and shows voters that have reached the same in the order of their names', () => {
    expect(describeQuorum(['c', 'b', 'a'], (voter) => (voter === 'b' ? 0 : undefined), ['d']).split('\n')).toEqual([
      'incoming',
      `a  ${''.padEnd(20)} unknown`,
      `b  ${''.padEnd(20)} 0`,
      `c  ${''.padEnd(20)} unknown`,
      'outgoing',
      `d  ${''.padEnd(20)} unknown`,
      '=> 0 committed',
    ]);
  });

  test('rounds bars, and has none for what lies before the clock’s zero', () => {
    const bars = (...values: number[]) =>
      describeQuorum(
        values.map((_, at) => at),
        (voter) => values[voter],
      )
        .split('\n')
        .slice(0, -1)
        .map((line) => [...line].filter((char) => char === '█').length);
    expect(bars(6, 5)).toEqual([17, 20]);
    expect(bars(0.5, 0.25)).toEqual([5, 10]);
    expect(bars(1)).toEqual([20]);
    expect(bars(-3, 0)).toEqual([0, 0]);
  });

  test('says so when there are no voters', () => {
    expect(describeQuorum([], () => 1)).toBe('=> no voters');
  });
});
