import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { FencedResource } from '../election/leadership.ts';
import {
  LeaseTable,
  type LeaseTableEffect,
  type LockMode,
  LockTable,
  type LockTableEffect,
  type LockTableInput,
} from './index.ts';

class Bench {
  table = new LockTable({ locksMax: 3, waitersMax: 3 });
  readonly #shown = (effect: LockTableEffect): string => {
    const what = effect.kind === 'granted' ? effect.token : effect.kind === 'queued' ? effect.ahead : effect.why;
    return `${effect.owner} ${effect.kind} ${what}`;
  };

  step(input: LockTableInput): string[] {
    const out: LockTableEffect[] = [];
    this.table.step(input, out);
    return out.map(this.#shown);
  }
  acquire(owner: string, mode: LockMode = 'exclusive', key = 'k', waits = true): string {
    return this.step({ kind: 'acquire', key, owner, mode, waits }).join();
  }
  release(owner: string, key = 'k'): string {
    return this.step({ kind: 'release', key, owner }).join();
  }
}

describe('a lock', () => {
  test('goes to one after the other in the order in which they asked, each with a higher token', () => {
    const bench = new Bench();
    expect(['a', 'b', 'c'].map((owner) => bench.acquire(owner))).toEqual(['a granted 1', 'b queued 0', 'c queued 1']);
    expect([bench.release('a'), bench.release('b'), bench.release('c')]).toEqual(['b granted 2', 'c granted 3', '']);
    expect([bench.table.size, bench.acquire('a')]).toEqual([0, 'a granted 4']);
  });
  test('asked for again is answered again, with the same token or place', () => {
    const bench = new Bench();
    for (const owner of ['a', 'b', 'c']) bench.acquire(owner);
    expect(['a', 'c', 'b'].map((owner) => bench.acquire(owner))).toEqual(['a granted 1', 'c queued 1', 'b queued 0']);
    expect([bench.table.tokenOf('k', 'a'), bench.table.tokenOf('k', 'b'), bench.table.tokenOf('x', 'a')]).toEqual([
      1,
      undefined,
      undefined,
    ]);
  });
  test('is shared by those who ask to share it, under one token, so that none of them fences off another', () => {
    const bench = new Bench();
    expect(['a', 'b'].map((owner) => bench.acquire(owner, 'shared'))).toEqual(['a granted 1', 'b granted 1']);
    expect([bench.acquire('c'), bench.release('a'), bench.release('b')]).toEqual(['c queued 0', '', 'c granted 2']);
  });
  test('lets nobody overtake one who waits to have it alone; those behind come in together', () => {
    const bench = new Bench();
    bench.acquire('a', 'shared');
    bench.acquire('x');
    expect(['b', 'c'].map((owner) => bench.acquire(owner, 'shared'))).toEqual(['b queued 1', 'c queued 2']);
    expect([bench.release('a'), bench.release('x')]).toEqual(['x granted 2', 'b granted 3,c granted 3']);
  });
  test('when one who waited to have it alone gives up, those behind him join the holders', () => {
    const bench = new Bench();
    bench.acquire('a', 'shared');
    bench.acquire('x');
    bench.acquire('b', 'shared');
    expect(bench.release('x')).toBe('b granted 1');
  });
  test('is refused to who does not want to wait, wants it in another mode than he has, or finds no room', () => {
    const bench = new Bench();
    bench.acquire('a');
    expect(bench.acquire('b', 'exclusive', 'k', false)).toBe('b refused held');
    expect(bench.acquire('a', 'shared')).toBe('a refused other-mode');
    for (const owner of ['b', 'c', 'd']) bench.acquire(owner);
    expect([bench.acquire('e'), bench.acquire('d', 'shared')]).toEqual(['e refused full', 'd refused other-mode']);
    for (const key of ['l', 'm']) bench.acquire('a', 'exclusive', key);
    expect(bench.acquire('a', 'exclusive', 'n')).toBe('a refused full');
    expect(() => new LockTable({ locksMax: 0 })).toThrow(/locksMax/);
    expect(() => new LockTable({ waitersMax: -1 })).toThrow(/waitersMax/);
  });
  test("ends with its owner's lease, and so does its place in every queue", () => {
    const bench = new Bench();
    bench.acquire('a', 'exclusive', 'k');
    bench.acquire('b', 'exclusive', 'l');
    bench.acquire('a', 'exclusive', 'l');
    bench.acquire('c', 'exclusive', 'l');
    bench.acquire('b', 'exclusive', 'k');
    expect(bench.step({ kind: 'ended', owner: 'a' })).toEqual(['b granted 3']);
    expect([bench.release('b', 'l'), bench.release('a', 'k'), bench.step({ kind: 'ended', owner: 'a' })]).toEqual([
      'c granted 4',
      '',
      [],
    ]);
  });
});

test('whose lease has run out without his noticing writes no more, though he believes he has the lock', () => {
  const leases = new LeaseTable();
  const locks = new LockTable();
  const resource = new FencedResource();
  const written: string[] = [];
  const write = (who: string, token: ReturnType<LockTable['tokenOf']>): void => {
    if (token !== undefined && resource.admit(token)) written.push(who);
  };
  const ids = { ann: 1, ben: 2 };
  leases.step(
    {
      kind: 'promote',
      term: 1,
      leases: [
        { id: 1, ttlMs: 1000 },
        { id: 2, ttlMs: 9000 },
      ],
      extendMs: 0,
    },
    Instant.of(0),
    [],
  );
  const heard: LockTableEffect[] = [];
  for (const owner of Object.keys(ids))
    locks.step({ kind: 'acquire', key: 'file', owner, mode: 'exclusive', waits: true }, heard);
  const anns = locks.tokenOf('file', 'ann');
  write('ann', anns);
  // Ann is paused for more than a second: her lease ends, and Ben gets the lock.
  const expired: LeaseTableEffect[] = [];
  leases.step({ kind: 'tick' }, Instant.of(1000), expired);
  for (const effect of expired)
    if (effect.kind === 'expire' && effect.id === ids.ann) locks.step({ kind: 'ended', owner: 'ann' }, heard);
  write('ben', locks.tokenOf('file', 'ben'));
  write('ann', anns);
  expect(heard.map(({ kind, owner }) => `${owner} ${kind}`)).toEqual(['ann granted', 'ben queued', 'ben granted']);
  expect(written).toEqual(['ann', 'ben']);
});

const action = fc.record({
  kind: fc.constantFrom('acquire', 'acquire', 'acquire', 'try', 'release', 'release', 'ended', 'reload'),
  key: fc.constantFrom('k', 'l'),
  owner: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  mode: fc.constantFrom<LockMode>('exclusive', 'shared'),
});

test('against a plain list of requests: the same hold it, in the order of asking, and tokens grow from one group of holders to the next', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const table = new LockTable();
      /** Loaded from a snapshot now and then: must go on as the original does. */
      let twin = new LockTable();
      /** By key: all who hold it or wait, in order of asking; who holds it is computed from that. */
      const asked = new Map<string, { owner: string; mode: LockMode; holds: boolean }[]>([
        ['k', []],
        ['l', []],
      ]);
      const tokens = new Map<string, number>();
      let highest = 0;
      const settle = (): string[] => {
        const expected: string[] = [];
        for (const [key, queue] of asked) {
          for (const each of queue) {
            const holders = queue.filter(({ holds }) => holds);
            const ahead = queue.slice(0, queue.indexOf(each));
            const mayJoin = each.mode === 'shared' && holders.every(({ mode }) => mode === 'shared');
            if (each.holds || ahead.some(({ holds }) => !holds) || !(holders.length === 0 || mayJoin)) continue;
            each.holds = true;
            expected.push(`${key} ${each.owner}`);
          }
        }
        return expected;
      };
      for (const { kind, key, owner, mode } of actions) {
        const out: LockTableEffect[] = [];
        const queue = asked.get(key)!;
        const mine = queue.find((each) => each.owner === owner);
        if (kind === 'reload') {
          twin = new LockTable();
          twin.load(table.freeze());
          continue;
        }
        const isRequest = kind === 'acquire' || kind === 'try';
        const input: LockTableInput = isRequest
          ? { kind: 'acquire', key, owner, mode, waits: kind === 'acquire' }
          : kind === 'release'
            ? { kind, key, owner }
            : { kind: 'ended', owner };
        table.step(input, out);
        let repeated = false;
        if (isRequest) {
          const isFree =
            queue.length === 0 || (mode === 'shared' && queue.every((each) => each.holds && each.mode === 'shared'));
          if (mine === undefined && (isFree || kind === 'acquire')) queue.push({ owner, mode, holds: false });
          repeated = mine !== undefined;
        } else {
          const keys = kind === 'release' ? [key] : ['k', 'l'];
          for (const each of keys)
            asked.set(
              each,
              asked.get(each)!.filter((one) => one.owner !== owner),
            );
        }
        const again: LockTableEffect[] = [];
        twin.step(input, again);
        expect([again, twin.freeze()]).toEqual([out, table.freeze()]);
        const granted = out.filter((effect) => effect.kind === 'granted');
        const expected = settle();
        if (repeated) expect(granted.map((g) => g.owner)).toEqual(mine!.holds && mine!.mode === mode ? [owner] : []);
        else expect(granted.map((g) => `${g.key} ${g.owner}`).toSorted()).toEqual(expected.toSorted());
        for (const each of granted) {
          const before = asked.get(each.key)!.filter(({ holds, owner: other }) => holds && other !== each.owner);
          const shares = before
            .map(({ owner: other }) => tokens.get(`${each.key} ${other}`))
            .find((token) => token === each.token);
          if (!repeated && shares === undefined) expect(each.token).toBeGreaterThan(highest);
          highest = Math.max(highest, each.token);
          tokens.set(`${each.key} ${each.owner}`, each.token);
        }
        for (const [each, list] of asked)
          for (const { owner: who, holds } of list) expect(table.tokenOf(each, who) !== undefined).toBe(holds);
      }
    }),
    { numRuns: 500 },
  );
});
