import { expect, test } from 'vitest';
import { Durability } from './durability.ts';
import { entriesOf } from './solo.fixture.ts';
import type { RaftEffect } from './types.ts';

const out: RaftEffect[] = [];
const write = (disk: Durability, index: number, term: number, count = 1): void => {
  disk.appended(entriesOf(Array(count).fill(term), index), out);
  disk.close();
};

test('everything that a step writes is one ticket', () => {
  const effects: RaftEffect[] = [];
  const disk = new Durability(0);
  disk.state({ term: 1, vote: undefined }, effects);
  disk.appended(entriesOf([1]), effects);
  disk.appended(entriesOf([1], 2), effects);
  expect(effects).toMatchObject([
    { kind: 'persist', ticket: 1, state: { term: 1 }, entries: [{ index: 1 }, { index: 2 }] },
  ]);
});

test('a ticket answers for all before it', () => {
  const disk = new Durability(0);
  write(disk, 1, 1);
  write(disk, 2, 1);
  write(disk, 3, 1);
  disk.persisted(2);
  expect([disk.durableIndex, disk.barrier]).toEqual([2, 3]);
  disk.persisted(3);
  expect([disk.durableIndex, disk.barrier]).toEqual([3, 0]);
});

test('the ticket of an entry that was truncated does not answer for the one in its place', () => {
  const disk = new Durability(0);
  write(disk, 1, 1);
  write(disk, 2, 1, 2);
  disk.truncatedFrom(2);
  write(disk, 2, 2, 2);
  disk.persisted(2);
  expect(disk.durableIndex).toBe(1);
  disk.persisted(3);
  expect(disk.durableIndex).toBe(3);
});

test('what was durable is so no longer once it is truncated', () => {
  const disk = new Durability(5);
  disk.truncatedFrom(3);
  write(disk, 3, 2, 4);
  expect(disk.durableIndex).toBe(2);
});

test('a received snapshot counts once it is durable, whatever was outstanding', () => {
  const disk = new Durability(3);
  write(disk, 4, 1, 10);
  const mark = { index: 8, term: 2, configuration: { voters: [], outgoing: [], learners: [], learnersNext: [] } };
  const ticket = disk.restored(mark, out);
  disk.persisted(ticket - 1);
  expect(disk.durableIndex).toBe(0);
  disk.persisted(ticket);
  expect(disk.durableIndex).toBe(8);
});

test('what the same step writes behind a snapshot is a ticket of its own', () => {
  const effects: RaftEffect[] = [];
  const disk = new Durability(0);
  const mark = { index: 8, term: 2, configuration: { voters: [], outgoing: [], learners: [], learnersNext: [] } };
  disk.state({ term: 2, vote: undefined }, effects);
  disk.restored(mark, effects);
  disk.appended(entriesOf([2], 9), effects);
  expect(effects.map(({ kind }) => kind)).toEqual(['persist', 'restore', 'persist']);
});

test('after a restart term and vote are durable, whatever else is written', () => {
  const disk = new Durability(0);
  write(disk, 1, 1);
  expect([disk.stateBarrier, disk.barrier]).toEqual([0, 1]);
});

test('term and vote have a barrier of their own, so that confirmations need not wait for entries', () => {
  const disk = new Durability(0);
  disk.state({ term: 1, vote: undefined }, out);
  disk.close();
  write(disk, 1, 1);
  expect([disk.stateBarrier, disk.barrier]).toEqual([1, 2]);
  disk.persisted(1);
  expect([disk.stateBarrier, disk.barrier]).toEqual([0, 2]);
});

test('a ticket that was never given out is a defect of the driver', () => {
  expect(() => new Durability(0).persisted(1)).toThrow('never given out');
});
