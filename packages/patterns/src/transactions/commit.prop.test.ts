import { describe, expect, test } from 'vitest';
import { BankWorld } from './commit-world.fixture.ts';
import { DecisionRegister } from './index.ts';

function mixed(world: BankWorld): string[] {
  return [...world.seen].filter(([, outcomes]) => outcomes.size > 1).map(([transaction]) => transaction);
}

describe('transfers between three banks, with two coordinators over one replicated log of decisions', () => {
  test('nobody sees two outcomes of one transfer, all end when the faults do, and no money is made or lost', () => {
    let [commits, aborts, takeOvers] = [0, 0, 0];
    for (let seed = 1; seed <= 40; seed++) {
      const world = new BankWorld({ seed });
      world.run(3000, true);
      world.run(6000, false);
      expect([seed, mixed(world)]).toEqual([seed, []]);
      expect([seed, world.banks.map(({ kernel }) => kernel.transactions.size)]).toEqual([seed, [0, 0, 0]]);
      expect([seed, world.total]).toEqual([seed, 3000]);
      expect([seed, world.register.records]).toEqual([seed, []]);
      const committed = [...world.seen.values()].filter((outcomes) => outcomes.has('commit')).length;
      commits += committed;
      aborts += world.seen.size - committed;
      takeOvers += world.register.generation;
    }
    expect([commits, aborts, takeOvers].map((count) => count > 150)).toEqual([true, true, true]);
  });

  test('a coordinator that presumes without asking whether it is the newest is found out', () => {
    let found = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const world = new BankWorld({ seed, confirmsNothing: true });
      world.run(3000, true);
      if (mixed(world).length > 0) found += 1;
    }
    expect(found).toBeGreaterThan(0);
  });
});

describe('a register of decisions', () => {
  const commit = (generation: number, transaction: string, participants = ['p']) =>
    ({ kind: 'record', generation, record: { kind: 'commit', transaction, participants } }) as const;

  test('takes records of the newest coordinator only', () => {
    const register = new DecisionRegister();
    expect(register.apply({ kind: 'take-over', generation: 3 })).toBe('done');
    expect(register.apply(commit(3, 'a'))).toBe('done');
    expect(register.apply({ kind: 'take-over', generation: 5 })).toBe('done');
    expect(register.apply(commit(3, 'b'))).toBe('superseded');
    expect(register.apply({ kind: 'take-over', generation: 5 })).toBe('superseded');
    expect(register.records).toEqual([{ kind: 'commit', transaction: 'a', participants: ['p'] }]);
    expect(register.apply({ kind: 'record', generation: 5, record: { kind: 'end', transaction: 'a' } })).toBe('done');
    expect(register.records).toEqual([]);
  });
  test('goes on from a snapshot as the original does', () => {
    const register = new DecisionRegister();
    register.apply({ kind: 'take-over', generation: 2 });
    register.apply(commit(2, 'a'));
    register.apply(commit(2, 'b', []));
    const copy = new DecisionRegister();
    copy.load(register.generation, register.records);
    expect([copy.generation, copy.records]).toEqual([2, register.records]);
    expect(copy.records).toHaveLength(1);
    expect(() => copy.load(1, [])).toThrow(/empty/);
  });
});
