import { expect, test } from 'vitest';
import { InvariantError } from '../../../base/index.ts';
import { NEW_REPLICA } from './multi-paxos.ts';
import { SlotLog } from './slot-log.ts';
import { b } from './solo.fixture.ts';

const noOp = { kind: 'no-op' } as const;

test('what is chosen is never replaced, and what holds nothing is never chosen', () => {
  const log = new SlotLog<string>(NEW_REPLICA);
  expect(() => log.advance()).toThrow(InvariantError);
  log.accept(1, b(1), noOp);
  log.advance();
  expect(() => log.accept(1, b(2), noOp)).toThrow(/slot 1 is chosen/);
});

test('what is told of begins where it is asked for, and behind what is chosen', () => {
  const log = new SlotLog<string>(NEW_REPLICA);
  for (const slot of [1, 2, 3, 5]) log.accept(slot, b(1), noOp);
  log.advance();
  const slots = (from: number): number[] => log.acceptedFrom(from).map(({ slot }) => slot);
  expect([slots(1), slots(2), slots(3), slots(5), slots(6)]).toEqual([[2, 3, 5], [2, 3, 5], [3, 5], [5], []]);
});

test('what is forgotten is chosen, and what is behind it stays', () => {
  const log = new SlotLog<string>(NEW_REPLICA);
  for (const slot of [1, 2, 4]) log.accept(slot, b(1), noOp);
  log.forget(2);
  log.forget(1);
  expect([log.first, log.chosen, [...log.entries].map(({ slot }) => slot)]).toEqual([3, 2, [4]]);
});
