import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareMemberStates, joinMemberStates, type MemberState, MembershipTable, refute } from './index.ts';

const state: fc.Arbitrary<MemberState> = fc.record({
  epoch: fc.integer({ min: 1, max: 3 }),
  sequence: fc.integer({ min: 0, max: 2 }),
  rank: fc.constantFrom('alive', 'suspect', 'dead', 'left'),
});
const news = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), state), { maxLength: 12 });
const tableOf = (all: readonly (readonly [string, MemberState])[]): MembershipTable => {
  const table = new MembershipTable();
  for (const [member, known] of all) table.observe(member, known);
  return table;
};
const runs = { numRuns: 300, seed: 3 };

describe('laws of a join-semilattice', () => {
  test('the join of states is associative, commutative and idempotent, and an upper bound', () => {
    fc.assert(
      fc.property(state, state, state, (a, b, c) => {
        expect(joinMemberStates(a, joinMemberStates(b, c))).toEqual(joinMemberStates(joinMemberStates(a, b), c));
        expect(joinMemberStates(a, b)).toEqual(joinMemberStates(b, a));
        expect(joinMemberStates(a, a)).toEqual(a);
        expect(compareMemberStates(joinMemberStates(a, b), a)).toBeGreaterThanOrEqual(0);
      }),
      runs,
    );
  });
  test('tables that heard the same news, in whatever order and however often, are equal', () => {
    fc.assert(
      fc.property(news, fc.infiniteStream(fc.nat()), (all, order) => {
        const shuffled = [...all, ...all].map((one) => [order.next().value as number, one] as const);
        const other = shuffled.sort((x, y) => x[0] - y[0]).map(([, one]) => one);
        expect(tableOf(other).equals(tableOf(all))).toBe(true);
      }),
      runs,
    );
  });
  test('merging tables is observing all that both observed, and merging again changes nothing', () => {
    fc.assert(
      fc.property(news, news, (mine, theirs) => {
        const merged = tableOf(mine);
        merged.merge(tableOf(theirs));
        expect(merged.equals(tableOf([...mine, ...theirs]))).toBe(true);
        expect(merged.merge(tableOf(theirs))).toBe(0);
      }),
      runs,
    );
  });
});

describe('who wins', () => {
  const of = (epoch: number, sequence: number, rank: MemberState['rank']): MemberState => ({ epoch, sequence, rank });
  test('a restart wins over everything said of the run before', () => {
    fc.assert(
      fc.property(state, (said) => {
        const restarted = of(said.epoch + 1, 0, 'alive');
        expect(joinMemberStates(said, restarted)).toEqual(restarted);
      }),
      runs,
    );
  });
  test('the dead do not rise by hearsay: a higher accusation of the dead is kept, so an older life is refused', () => {
    const table = new MembershipTable();
    const seen = [of(1, 1, 'alive'), of(1, 1, 'dead'), of(1, 10, 'dead'), of(1, 2, 'alive')];
    expect(seen.map((one) => table.observe('x', one))).toEqual(['changed', 'changed', 'changed', 'known']);
    expect(table.get('x')).toEqual(of(1, 10, 'dead'));
  });
  test('a death of somebody unknown is remembered against the life that is heard later', () => {
    expect(
      tableOf([
        ['x', of(1, 4, 'dead')],
        ['x', of(1, 4, 'alive')],
      ]).get('x'),
    ).toEqual(of(1, 4, 'dead'));
  });
  test('an accused refutes with a sequence above the accusation; old accusations need no answer; a later run ends this one', () => {
    const self = of(2, 3, 'alive');
    expect(refute(self, of(2, 3, 'suspect'))).toEqual(of(2, 4, 'alive'));
    expect(refute(self, of(2, 9, 'dead'))).toEqual(of(2, 10, 'alive'));
    expect(refute(self, of(2, 2, 'dead'))).toBeUndefined();
    expect(refute(self, of(1, 9, 'dead'))).toBeUndefined();
    expect(refute(self, of(3, 0, 'alive'))).toBe('superseded');
  });
  test('a table is bounded, and only tombstones are forgotten', () => {
    const table = new MembershipTable(1);
    table.observe('a', of(1, 0, 'alive'));
    expect(table.observe('b', of(1, 0, 'alive'))).toBe('full');
    expect(table.observe('a', of(1, 0, 'suspect'))).toBe('changed');
    expect(() => table.forget('a')).toThrow(/suspect/);
    table.observe('a', of(1, 0, 'left'));
    table.forget('a');
    expect([table.size, [...table.entries()]]).toEqual([0, []]);
    expect(() => new MembershipTable(0)).toThrow(/maxMembers/);
  });
});
