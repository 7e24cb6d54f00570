import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Deque } from './deque.ts';
import { same } from './same.fixture.ts';

test('a deque is an array, whatever is put in and taken out at its ends, also far past its first size', () => {
  const move = fc.record({
    kind: fc.constantFrom('push', 'push', 'pushFront', 'pushFront', 'shift', 'pop'),
    times: fc.integer({ min: 1, max: 12 }),
  });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
      const deque = new Deque<number>();
      const array: number[] = [];
      let next = 0;
      for (const { kind, times } of moves)
        for (let i = 0; i < times; i++) {
          next += 1;
          if (kind === 'push') {
            deque.push(next);
            array.push(next);
          } else if (kind === 'pushFront') {
            deque.pushFront(next);
            array.unshift(next);
          } else if (array.length > 0)
            same(kind === 'shift' ? deque.shift() : deque.pop(), kind === 'shift' ? array.shift() : array.pop());
          same([deque.size, deque.first], [array.length, array[0]]);
        }
    }),
    { numRuns: 300, seed: 3 },
  );
});

test('nothing can be taken from an empty one', () => {
  const deque = new Deque<number>();
  expect([deque.size, deque.first]).toEqual([0, undefined]);
  expect(() => deque.shift()).toThrow(/something to take/);
  expect(() => deque.pop()).toThrow(/something to take/);
});
