import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant, randomBelow } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import { HybridClock, hybridTimestamp, type NodeTimestamp, VectorClock } from '../time/index.ts';
import {
  type ConflictResolution,
  checkMerge,
  type LeaderMessage,
  type LeaderTopology,
  linksOf,
  MultiLeader,
  type MultiLeaderEffect,
  type MultiLeaderInput,
  ReplicatedRecord,
} from './index.ts';

type Payload = { readonly key: string; readonly record: ReplicatedRecord<string> };

/** Leaders with a table each, linked in some topology; the network is a list of letters. */
class Leaders {
  readonly kernels = new Map<string, MultiLeader<Payload>>();
  readonly tables = new Map<string, Map<string, ReplicatedRecord<string>>>();
  readonly applied = new Map<string, string[]>();
  readonly mail: { readonly from: string; readonly to: string; readonly message: LeaderMessage<Payload> }[] = [];
  readonly down = new Set<string>();
  readonly clock = new HybridClock();
  /** How a change gets into the table; another way than a merge is a bug, and so is to call others' changes one's own. */
  readonly #combine: (mine: ReplicatedRecord<string>, theirs: ReplicatedRecord<string>) => ReplicatedRecord<string>;
  renames = false;
  changesSent = 0;
  now = 0;

  constructor(
    names: readonly string[],
    topology: LeaderTopology,
    backlogMax = 1000,
    combine = (mine: ReplicatedRecord<string>, theirs: ReplicatedRecord<string>) => mine.merge(theirs),
  ) {
    this.#combine = combine;
    for (const self of names) {
      const options = { self, summaryMs: 100, backlogMax, batchMax: 3, ...linksOf(topology, names, self) };
      this.kernels.set(self, new MultiLeader<Payload>(options));
      this.tables.set(self, new Map());
      this.applied.set(self, []);
    }
  }

  write(name: string, key: string, value: string | undefined): void {
    const before = this.record(name, key);
    const at = this.clock.tick(this.now);
    const stamp: NodeTimestamp = { at: at.kind === 'timestamp' ? at : hybridTimestamp(0), node: name };
    const record = before.write(value, { actor: name, stamp });
    this.tables.get(name)!.set(key, record);
    this.step(name, { kind: 'write', payload: { key, record } });
  }

  record(name: string, key: string): ReplicatedRecord<string> {
    return this.tables.get(name)!.get(key) ?? ReplicatedRecord.none<string>();
  }

  step(name: string, input: MultiLeaderInput<Payload>): void {
    if (this.down.has(name)) return;
    const out: MultiLeaderEffect<Payload>[] = [];
    this.kernels.get(name)!.step(input, Instant.of(this.now), out);
    for (const effect of out) {
      if (effect.kind === 'send') {
        if (effect.message.kind === 'changes') this.changesSent += effect.message.changes.length;
        this.mail.push({ from: name, to: effect.to, message: effect.message });
      } else if (effect.kind === 'apply') {
        const { origin, sequence, payload } = effect.change;
        this.applied.get(name)!.push(`${origin} ${sequence}`);
        this.#merge(name, payload);
        if (this.renames) this.step(name, { kind: 'write', payload });
      } else this.#copy(name, effect.from);
    }
  }

  deliver(index = 0): boolean {
    const [letter] = this.mail.splice(index, 1);
    if (letter === undefined) return false;
    if (this.kernels.has(letter.to))
      this.step(letter.to, { kind: 'message', from: letter.from, message: letter.message });
    return true;
  }

  settle(rounds = 12): void {
    for (let round = 0; round < rounds; round++) {
      while (this.deliver());
      this.now += 100;
      for (const name of this.kernels.keys()) this.step(name, { kind: 'tick' });
    }
    while (this.deliver());
  }

  shown(name: string, resolution: ConflictResolution<string>): unknown {
    const table = this.tables.get(name)!;
    return [...table.keys()].sort().map((key) => [key, this.record(name, key).resolve(resolution).values]);
  }

  #merge(name: string, { key, record }: Payload): void {
    this.tables.get(name)!.set(key, this.#combine(this.record(name, key), record));
  }

  #copy(name: string, from: string): void {
    if (this.down.has(from)) return;
    for (const [key, record] of this.tables.get(from)!) this.#merge(name, { key, record });
    this.step(name, { kind: 'adopted', have: this.kernels.get(from)!.have });
  }
}

const names = ['a', 'b', 'c', 'd', 'e'];
const topologies: readonly LeaderTopology[] = [{ kind: 'all-to-all' }, { kind: 'ring' }, { kind: 'star', hub: 'c' }];
const keep: ConflictResolution<string> = { kind: 'keep-siblings' };
const last: ConflictResolution<string> = { kind: 'last-writer' };
const longest: ConflictResolution<string> = {
  kind: 'merge',
  merge: (a, b) => [a, b].sort((x, y) => y.length - x.length || (x < y ? 1 : -1))[0]!,
};

describe('changes among several leaders', () => {
  test.each(topologies)(
    '$kind: each change is applied once everywhere, and no message goes round in circles',
    (topology) => {
      const leaders = new Leaders(names, topology);
      leaders.settle();
      leaders.changesSent = 0;
      for (const name of names) leaders.write(name, 'k', name);
      while (leaders.deliver());
      for (const [name, applied] of leaders.applied)
        expect(applied.sort()).toEqual(names.filter((one) => one !== name).map((one) => `${one} 1`));
      // Star and all-to-all: to each of the four others once. Ring: both ways round, so the farthest hear twice.
      expect(leaders.changesSent).toBe(topology.kind === 'ring' ? 5 * 6 : 5 * 4);
      leaders.settle();
      expect(leaders.changesSent).toBe(topology.kind === 'ring' ? 5 * 6 : 5 * 4);
    },
  );
  test('whatever is lost, doubled, reordered or down: when all is well again all have the same, in any resolution', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.constantFrom(...topologies), (seed, topology) => {
        const random = seeded(seed);
        const leaders = new Leaders(names, topology, 6);
        for (let turn = 0; turn < 120; turn++) {
          leaders.now += randomBelow(random, 20);
          const name = names[randomBelow(random, names.length)]!;
          const fate = randomBelow(random, 100);
          const at = randomBelow(random, Math.max(1, leaders.mail.length));
          if (fate < 25 && !leaders.down.has(name))
            leaders.write(
              name,
              ['x', 'y'][randomBelow(random, 2)]!,
              randomBelow(random, 5) === 0 ? undefined : `${name}${turn}`,
            );
          else if (fate < 75) leaders.deliver(at);
          else if (fate < 80) leaders.mail.splice(at, 1);
          else if (fate < 85 && leaders.mail[at] !== undefined) leaders.mail.push(leaders.mail[at]);
          else if (fate < 88) leaders.down.add(name);
          else if (fate < 93) leaders.down.delete(name);
          else for (const one of names) leaders.step(one, { kind: 'tick' });
        }
        leaders.down.clear();
        leaders.settle();
        for (const resolution of [keep, last, longest])
          for (const name of names) expect(leaders.shown(name, resolution)).toEqual(leaders.shown('a', resolution));
        for (const [name, kernel] of leaders.kernels) {
          expect(kernel.have.equals(leaders.kernels.get('a')!.have)).toBe(true);
          expect(new Set(leaders.applied.get(name)).size).toBe(leaders.applied.get(name)!.length);
          expect(kernel.backlogSize).toBe(0);
        }
      }),
      { numRuns: 30, seed: 5 },
    );
  });
  test('who was away too long for the backlog copies the whole state, and so do those behind it', () => {
    const leaders = new Leaders(names, { kind: 'ring' }, 3);
    leaders.down.add('a');
    leaders.down.add('d');
    for (let i = 0; i < 10; i++) leaders.write('b', `k${i % 4}`, `v${i}`);
    leaders.settle();
    expect(leaders.kernels.get('b')!.backlogSize).toBe(3);
    leaders.down.clear();
    leaders.settle();
    for (const name of names) expect(leaders.shown(name, keep)).toEqual(leaders.shown('b', keep));
  });
  test('these checks find a leader that lets the last to arrive win, and one that passes changes on as its own', () => {
    const arrival = new Leaders(names, { kind: 'ring' }, 1000, (_mine, theirs) => theirs);
    arrival.settle();
    for (const name of names) arrival.write(name, 'k', name);
    arrival.settle();
    const shown = names.map((name) => JSON.stringify(arrival.shown(name, last)));
    expect(new Set(shown).size).toBeGreaterThan(1);
    const renamed = new Leaders(names, { kind: 'ring' });
    renamed.renames = true;
    renamed.settle();
    renamed.write('a', 'k', 'v');
    for (let i = 0; i < 500; i++) renamed.deliver();
    expect(renamed.changesSent).toBeGreaterThan(100);
  });
  test('a change of a leader that is gone does not circle for ever (MySQL, bugs 25998 and 27808)', () => {
    const leaders = new Leaders(['a', 'b', 'c'], { kind: 'ring' });
    leaders.settle();
    leaders.write('b', 'k', 'from b');
    leaders.deliver();
    leaders.kernels.delete('b');
    for (const [one, other] of [
      ['a', 'c'],
      ['c', 'a'],
    ] as const)
      leaders.step(one, { kind: 'links', links: [other] });
    leaders.settle();
    const sent = leaders.changesSent;
    leaders.settle();
    expect(leaders.changesSent).toBe(sent);
    expect(leaders.shown('c', keep)).toEqual([['k', ['from b']]]);
  });
  test('without its hub a star stands still; a ring and all-to-all go on without any one', () => {
    for (const topology of topologies) {
      const leaders = new Leaders(names, topology);
      leaders.down.add('c');
      leaders.write('b', 'k', 'v');
      leaders.settle();
      expect(leaders.record('d', 'k').siblings).toBe(topology.kind === 'star' ? 0 : 1);
    }
  });
  test('bounds and times that are none are refused', () => {
    const make = (wrong: object) =>
      new MultiLeader<Payload>({ self: 'a', links: ['b'], relay: 'all', summaryMs: 1, ...wrong });
    for (const batchMax of [0, 0.5, Number.NaN]) expect(() => make({ batchMax })).toThrow('batchMax must be >= 1');
    for (const backlogMax of [-1, Number.NaN]) expect(() => make({ backlogMax })).toThrow('backlogMax must be >= 0');
    for (const summaryMs of [0, Number.NaN]) expect(() => make({ summaryMs })).toThrow('summaryMs must be > 0');
  });
  test('an answer to an old summary does not make anybody copy the whole state', () => {
    const kernel = new MultiLeader<string>({
      self: 'a',
      links: ['b'],
      relay: 'all',
      summaryMs: 100,
      have: VectorClock.of([['b', 5]]),
    });
    const out: MultiLeaderEffect<string>[] = [];
    const gone = (counter: number) =>
      kernel.step(
        { kind: 'message', from: 'b', message: { kind: 'gone', floor: VectorClock.of([['b', counter]]) } },
        Instant.of(0),
        out,
      );
    gone(5);
    expect(out).toEqual([]);
    gone(6);
    expect(out).toEqual([{ kind: 'copy-state', from: 'b' }]);
    kernel.step(
      { kind: 'message', from: 'z', message: { kind: 'summary', have: VectorClock.empty } },
      Instant.of(0),
      out,
    );
    expect(out).toHaveLength(1);
    expect(() => new MultiLeader({ self: 'a', links: ['a'], relay: 'all', summaryMs: 100 })).toThrow(/itself/);
    expect(() => linksOf({ kind: 'ring' }, ['a'], 'b')).toThrow(/one of the members/);
  });
});

describe('a record that several leaders write', () => {
  const stamp = (wallMs: number, node: string): NodeTimestamp => ({ at: hybridTimestamp(wallMs), node });
  const none = ReplicatedRecord.none<string>();
  test('keeps concurrent writes beside each other, and drops what a writer had seen', () => {
    const base = none.write('0', { actor: 'a', stamp: stamp(1, 'a') });
    const left = base.write('left', { actor: 'a', stamp: stamp(2, 'a') });
    const right = base.write('right', { actor: 'b', stamp: stamp(3, 'b') });
    const both = left.merge(right);
    expect([both.siblings, both.resolve(keep).values]).toEqual([2, ['right', 'left']]);
    expect(both.resolve(last)).toEqual({ values: ['right'], hidden: ['left'] });
    expect(both.resolve(longest).values).toEqual(['right']);
    const one = both.write('one', { actor: 'a', stamp: stamp(4, 'a') });
    expect(one.merge(right).merge(left).resolve(keep).values).toEqual(['one']);
    const blind = both.write('blind', { actor: 'a', stamp: stamp(4, 'a'), context: base.context });
    expect(blind.siblings).toBe(3);
  });
  test('a newer write that has seen an older one wins, whatever their stamps say', () => {
    const ahead = none.write('ahead', { actor: 'a', stamp: stamp(9_000, 'a') });
    const next = ahead.write('next', { actor: 'b', stamp: stamp(5, 'b') });
    expect(ahead.merge(next).resolve(last).values).toEqual(['next']);
  });
  test('a concurrent deletion wins or loses with the last writer, and does not count in a merge', () => {
    const base = none.write('0', { actor: 'a', stamp: stamp(1, 'a') });
    const gone = base.write(undefined, { actor: 'a', stamp: stamp(5, 'a') });
    const kept = base.write('kept', { actor: 'b', stamp: stamp(4, 'b') });
    const both = gone.merge(kept);
    expect(both.resolve(last)).toEqual({ values: [], hidden: ['kept'] });
    expect([both.resolve(keep).values, both.resolve(longest).values]).toEqual([['kept'], ['kept']]);
    expect(gone.resolve(longest).values).toEqual([]);
  });
  test('equal stamps with different values, as after a backup was restored, resolve the same everywhere', () => {
    const left = none.write('left', { actor: 'a', stamp: stamp(1, 'n') });
    const right = none.write('right', { actor: 'b', stamp: stamp(1, 'n') });
    expect(left.merge(right).resolve(last)).toEqual(right.merge(left).resolve(last));
  });
  test('merging is commutative, associative and idempotent: the law of convergence', () => {
    const write = fc.record({
      at: fc.nat({ max: 2 }),
      with: fc.nat({ max: 2 }),
      wallMs: fc.nat({ max: 2 }),
      merge: fc.boolean(),
      value: fc.constantFrom('x', 'y', undefined),
    });
    fc.assert(
      fc.property(fc.array(write, { maxLength: 10 }), (history) => {
        const states = [none, none, none];
        for (const { at, with: other, wallMs, merge, value } of history)
          states[at] = merge
            ? states[at]!.merge(states[other]!)
            : states[at]!.write(value, { actor: `${at}`, stamp: stamp(wallMs, `${at}`) });
        const [a, b, c] = states as [ReplicatedRecord<string>, ReplicatedRecord<string>, ReplicatedRecord<string>];
        const same = (x: ReplicatedRecord<string>, y: ReplicatedRecord<string>) =>
          expect(x.versions).toEqual(y.versions);
        same(a.merge(a), a);
        same(a.merge(b), b.merge(a));
        same(a.merge(b).merge(c), a.merge(b.merge(c)));
        for (const resolution of [keep, last, longest])
          expect(a.merge(b).merge(c).resolve(resolution)).toEqual(c.merge(a).merge(b).resolve(resolution));
        expect(a.merge(b).merge(c).siblings).toBeLessThanOrEqual(3);
      }),
    );
  });
  test('a merge that is no semilattice is found out before it counts twice', () => {
    const equals = (a: number, b: number) => a === b;
    expect(checkMerge(Math.max, [1, 2, 3], equals)).toBeUndefined();
    expect(checkMerge((a, b) => a + b, [0, 1, 2], equals)).toMatch(/idempotent: of 1/);
    expect(checkMerge((a) => a, [1, 2], equals)).toMatch(/commutative/);
    const mean = (a: number, b: number) => (a + b) / 2;
    expect(checkMerge(mean, [1, 2, 4], equals)).toMatch(/associative/);
  });
});
