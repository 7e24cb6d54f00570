import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DottedVersionVectorSet as Dvv, VectorClock } from './index.ts';

/** The model: every write has a number, and knows the numbers of the writes that were overwritten by it or before it. */
interface Replica {
  dvv: Dvv<number>;
  seen: Set<number>;
  current: Set<number>;
}

const moves = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('write' as const), at: fc.nat(2), client: fc.nat(2) }),
    fc.record({ kind: fc.constant('read' as const), at: fc.nat(2), client: fc.nat(2) }),
    fc.record({ kind: fc.constant('sync' as const), at: fc.nat(2), from: fc.nat(2) }),
  ),
  { maxLength: 25 },
);

test('a value is current if and only if no write that has been seen had read it', () => {
  fc.assert(
    fc.property(moves, (steps) => {
      const replicas: Replica[] = [0, 1, 2].map(() => ({
        dvv: Dvv.of<number>([]),
        seen: new Set(),
        current: new Set(),
      }));
      const clients = [0, 1, 2].map(() => ({ context: VectorClock.empty, read: new Set<number>() }));
      for (const [n, step] of steps.entries()) {
        const here = replicas[step.at]!;
        if (step.kind === 'read') clients[step.client] = { context: here.dvv.context, read: new Set(here.seen) };
        else if (step.kind === 'write') {
          const { context, read } = clients[step.client]!;
          here.dvv = Dvv.write(context, n).update(`r${step.at}`, here.dvv);
          here.current = new Set([...[...here.current].filter((value) => !read.has(value)), n]);
          for (const value of [...read, n]) here.seen.add(value);
        } else {
          const other = replicas[step.from]!;
          here.dvv = here.dvv.merge(other.dvv);
          here.current = new Set([
            ...[...here.current].filter((value) => other.current.has(value) || !other.seen.has(value)),
            ...[...other.current].filter((value) => here.current.has(value) || !here.seen.has(value)),
          ]);
          for (const value of other.seen) here.seen.add(value);
        }
        expect([...here.dvv.values].sort()).toEqual([...here.current].sort());
      }
      const [a, b, c] = replicas.map((r) => r.dvv) as [Dvv<number>, Dvv<number>, Dvv<number>];
      expect(a.merge(b).entries).toEqual(b.merge(a).entries);
      expect(a.merge(b).merge(c).entries).toEqual(a.merge(b.merge(c)).entries);
      expect(a.merge(a).entries).toEqual(a.entries);
    }),
    { numRuns: 300 },
  );
});
