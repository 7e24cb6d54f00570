import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { Passivation } from './index.ts';
import { same } from './same.fixture.ts';

test('who sleeps next is who a sorted list would name, whatever becomes idle and busy when', () => {
  const move = fc.record({
    kind: fc.constantFrom('idle', 'idle', 'busy', 'due', 'oldest'),
    actor: fc.constantFrom('a', 'b', 'c', 'd'),
    ms: fc.nat(4),
  });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
      const passivation = new Passivation({ idleMs: 10 });
      let list: { actor: string; since: number }[] = [];
      let now = 0;
      for (const { kind, actor, ms } of moves) {
        now += ms;
        const first = list[0];
        if (kind === 'idle') {
          passivation.idle(actor, Instant.of(now));
          list = [...list.filter((one) => one.actor !== actor), { actor, since: now }].sort(
            (a, b) => a.since - b.since,
          );
        } else if (kind === 'busy') {
          passivation.busy(actor);
          list = list.filter((one) => one.actor !== actor);
        } else if (kind === 'due') {
          const isDue = first !== undefined && now - first.since >= 10;
          same(passivation.takeDue(Instant.of(now)), isDue ? first.actor : undefined);
          if (isDue) list.shift();
        } else {
          same(passivation.takeOldest(), first?.actor);
          list.shift();
        }
        same(
          [passivation.size, passivation.deadline],
          [list.length, list[0] === undefined ? undefined : list[0].since + 10],
        );
      }
    }),
    { numRuns: 300, seed: 2 },
  );
});

test('without a time only the bound puts actors to sleep', () => {
  const passivation = new Passivation({ idleMs: Number.POSITIVE_INFINITY });
  passivation.idle('a', Instant.of(0));
  expect([passivation.deadline, passivation.takeDue(Instant.of(1e12)), passivation.takeOldest()]).toEqual([
    undefined,
    undefined,
    'a',
  ]);
  expect(() => new Passivation({ idleMs: 0 })).toThrow(/idleMs/);
});
