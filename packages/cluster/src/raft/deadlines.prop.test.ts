import { Instant } from '@quorate/patterns/base';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Deadlines } from './deadlines.ts';

interface Member {
  readonly name: number;
  deadline: Instant | undefined;
}

test('whoever is due comes up, and nobody else, however deadlines move', () => {
  const act = fc.oneof(
    fc.record({ kind: fc.constant('move' as const), member: fc.nat(4), to: fc.option(fc.nat(30), { nil: undefined }) }),
    fc.record({ kind: fc.constant('look' as const), ms: fc.nat(8) }),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      const deadlines = new Deadlines<Member>();
      const members: Member[] = [0, 1, 2, 3, 4].map((name) => ({ name, deadline: undefined }));
      let now = 0;
      for (const step of acts) {
        if (step.kind === 'move') {
          const member = members[step.member]!;
          member.deadline = step.to === undefined ? undefined : Instant.of(now + step.to);
          deadlines.update(member);
          const least = Math.min(...members.map((each) => each.deadline ?? Number.POSITIVE_INFINITY));
          expect(deadlines.next ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(least);
          continue;
        }
        now += step.ms;
        const due: Member[] = [];
        deadlines.due(Instant.of(now), due);
        const expected = members.filter((each) => each.deadline !== undefined && each.deadline <= now);
        expect(due.map((each) => each.name).sort()).toEqual(expected.map((each) => each.name));
        for (const member of due) {
          member.deadline = undefined;
          deadlines.update(member);
        }
      }
    }),
    { numRuns: 500 },
  );
});
