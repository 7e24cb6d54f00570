import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../base/index.ts';
import { IntervalTreeClock } from './index.ts';

interface Member {
  clock: IntervalTreeClock;
  /** The model of section 2: the set of events known. */
  past: Set<number>;
}

const moves = fc.array(
  fc.record({ kind: fc.constantFrom('event', 'fork', 'retire', 'send'), at: fc.nat(7), other: fc.nat(7) }),
  { maxLength: 30 },
);

test('stamps order exactly as causal histories do, over any forks, events, messages and retirements', () => {
  fc.assert(
    fc.property(moves, (steps) => {
      const members: Member[] = [{ clock: IntervalTreeClock.seed, past: new Set() }];
      for (const [n, { kind, at, other }] of steps.entries()) {
        const a = members[at % members.length]!;
        const b = members[other % members.length]!;
        if (kind === 'event') {
          a.clock = a.clock.event();
          a.past.add(n);
        } else if (kind === 'fork' && members.length < 6) {
          const [left, right] = a.clock.fork();
          a.clock = left;
          members.push({ clock: right, past: new Set(a.past) });
        } else if (a !== b && (kind === 'retire' || kind === 'send')) {
          b.clock = b.clock.join(kind === 'retire' ? a.clock : a.clock.peek());
          b.past = new Set([...b.past, ...a.past]);
          if (kind === 'retire') members.splice(members.indexOf(a), 1);
        }
        for (const x of members)
          for (const y of members)
            expect(x.clock.descends(y.clock)).toBe([...y.past].every((event) => x.past.has(event)));
      }
      const writer = new ByteWriter();
      for (const { clock } of members) clock.write(writer);
      const reader = new ByteReader(writer.take());
      for (const { clock } of members) expect(`${IntervalTreeClock.read(reader)}`).toBe(`${clock}`);
      const all = members.map(({ clock }) => clock).reduce((a, b) => a.join(b));
      // All shares rejoined make the whole again, and one more event makes the past a single number.
      expect(`${all.id}`).toBe('1');
      expect(typeof all.event().events).toBe('number');
    }),
    { numRuns: 300 },
  );
});
