import { Instant } from '@quorate/patterns/base';
import { expect, test } from 'vitest';
import type { GroupError } from './errors.ts';
import { READS_WAITING_MAX, ReadBarriers } from './read-barriers.ts';

const at = Instant.of;
const times = { timeoutMs: 1000, answerMs: 300, retryMs: 60 };

function barriers(): { reads: ReadBarriers; heard: string[]; add(name: string, now: number): void } {
  const reads = new ReadBarriers(times);
  const heard: string[] = [];
  const add = (name: string, now: number): void =>
    reads.add((error) => heard.push(`${name} ${(error as GroupError | undefined)?.code ?? 'ok'}`), at(now));
  return { reads, heard, add };
}

test('a read waits until everything up to its index has been applied', () => {
  const { reads, heard, add } = barriers();
  add('a', 0);
  add('b', 0);
  expect(reads.ask(1, at(0))).toBe(true);
  expect(reads.ask(2, at(0))).toBe(false);
  reads.answered([1], 10);
  expect(reads.hasReady(9)).toBe(false);
  reads.complete(9);
  expect(heard).toEqual([]);
  expect(reads.hasReady(10)).toBe(true);
  reads.complete(10);
  expect(heard).toEqual(['a ok', 'b ok']);
});

test('a failed round is repeated after a while, or as soon as a leader is known, together with those that came since', () => {
  const { reads, heard, add } = barriers();
  add('a', 0);
  reads.ask(1, at(0));
  reads.failed([1], at(10));
  expect(reads.deadline).toBe(70);
  expect(reads.ask(2, at(20))).toBe(false);
  add('b', 30);
  reads.leaderKnown(at(30));
  expect(reads.ask(3, at(30))).toBe(true);
  reads.answered([1], 1);
  reads.complete(100);
  expect(heard).toEqual([]);
  reads.answered([3], 5);
  reads.complete(5);
  expect(heard).toEqual(['a ok', 'b ok']);
});

test('a round without an answer is asked again, and its late answer does not count', () => {
  const { reads, heard, add } = barriers();
  add('a', 0);
  reads.ask(1, at(0));
  expect(reads.deadline).toBe(300);
  reads.expire(at(300));
  expect(reads.ask(2, at(300))).toBe(true);
  reads.answered([1], 1);
  reads.complete(1);
  expect(heard).toEqual([]);
});

test('a read whose time is over fails', () => {
  const { reads, heard, add } = barriers();
  add('a', 0);
  reads.ask(1, at(0));
  reads.failed([1], at(990));
  reads.ask(2, at(1050));
  reads.failed([2], at(1060));
  expect(heard).toEqual([]);
  expect(reads.hasReady(0)).toBe(true);
  reads.complete(0);
  expect(heard).toEqual(['a no-leader']);
  expect(reads.deadline).toBe(undefined);
});

test('when the last read that waited has been given up there is no deadline any more', () => {
  const { reads, heard, add } = barriers();
  add('a', 0);
  reads.ask(1, at(0));
  reads.expire(at(1000));
  expect(reads.deadline).toBe(undefined);
  reads.complete(0);
  expect(heard).toEqual(['a no-leader']);
});

test('one read too many fails as overloaded, and place is made by those that are answered', () => {
  const reads = new ReadBarriers(times);
  let refused = 0;
  const done = (error: Error | undefined): void => {
    if (error !== undefined) refused += 1;
  };
  for (let i = 0; i < READS_WAITING_MAX + 2; i++) reads.add(done, at(0));
  reads.ask(1, at(0));
  reads.answered([1], 0);
  reads.complete(0);
  expect(refused).toBe(2);
  reads.add(done, at(0));
  reads.complete(0);
  expect(refused).toBe(2);
});
