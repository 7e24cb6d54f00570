import { describe, expect, test } from 'vitest';
import { Exploration, explore, heal, isMixed } from './commit-explore.fixture.ts';
import { MUTANTS } from './commit-mutants.fixture.ts';

const VOTES = ['yes', 'no', 'read-only'];

describe('one coordinator and two participants, whatever is lost, repeated, reordered, and whoever crashes whenever', () => {
  const exploration = new Exploration(VOTES);
  const all: number[][] = [];
  const report = explore(exploration, 200_000, (here) => all.push([...here]));
  const node = (index: number, here: readonly number[]) => exploration.node(index, here[index]!);
  const told = (here: readonly number[]): string[] => [0, 1, 2].map((index) => node(index, here).told);

  test('all who reach an outcome reach the same one, in every state (Bernstein et al. 1987, AC1 and AC2)', () => {
    expect(report).toEqual({ states: all.length, violation: undefined });
    // Guards the exploration: fewer states would mean that something does not happen any more.
    expect(report.states).toBeGreaterThan(90_000);
    expect(exploration.messages.length).toBeGreaterThanOrEqual(26);
  });

  test('nobody commits unless all have voted, and none no (AC3)', () => {
    const committed = all.filter((here) => told(here).includes('commit'));
    const unwilling = committed.filter((here) =>
      [1, 2].some((index) => !['yes', 'read-only'].includes(node(index, here).voted)),
    );
    expect([committed.length > 1000, unwilling]).toEqual([true, []]);
  });

  test('once failures end, everybody reaches an outcome and all locks are free (AC5)', () => {
    for (const here of all) {
      const rest = heal(exploration, here);
      const open = [0, 1, 2].map((index) => node(index, rest).phase);
      if (open.some((phase) => phase !== undefined) || isMixed(exploration, rest))
        expect([here, open, told(rest)]).toEqual('at rest');
    }
  });

  test('without its coordinator a participant in doubt learns from one that knows, or that had not voted; else it stays in doubt', () => {
    let [resolved, blocked] = [0, 0];
    for (const here of all) {
      const before = [1, 2].map((index) => node(index, here));
      const inDoubt = before.filter(({ phase }) => phase === 'in-doubt').length;
      if (inDoubt === 0) continue;
      const knows = before.some(({ phase, durable, tail }) => {
        const records = [...durable, ...tail.map(({ record }) => record)] as { kind: string }[];
        return phase !== 'in-doubt' && records.some(({ kind }) => kind === 'commit' || kind === 'abort');
      });
      const mayAbort = before.some(({ phase }) => phase === 'active');
      const rest = heal(exploration, here, [1, 2]);
      const after = [1, 2].filter((index) => node(index, rest).phase === 'in-doubt').length;
      if (knows || mayAbort) resolved += 1;
      if (inDoubt === 2) blocked += 1;
      if (((knows || mayAbort) && after > 0) || (inDoubt === 2 && after !== 2))
        expect([here, after]).toEqual('resolved');
    }
    expect(resolved).toBeGreaterThan(1000);
    expect(blocked).toBeGreaterThan(1000);
  });
});

describe('the exploration finds', () => {
  for (const [name, make] of Object.entries(MUTANTS)) {
    test(name, () => {
      const { violation } = explore(new Exploration(VOTES, make), 200_000);
      expect(violation?.at(0)).toBe('start');
    });
  }
});
