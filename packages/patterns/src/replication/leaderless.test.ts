import { describe, expect, test } from 'vitest';
import { Instant, randomBelow, randomSample } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import { sloppyQuorum } from '../quorum/index.ts';
import { DottedVersionVectorSet, VectorClock } from '../time/index.ts';
import {
  dottedVersions,
  HintedHandoff,
  type HintedHandoffEffect,
  type HintedHandoffInput,
  ReadRepair,
  type ReadRepairEffect,
  type ReadRepairInput,
} from './index.ts';

type State = DottedVersionVectorSet<string>;
const none = DottedVersionVectorSet.of<string>([]);

/** Five nodes keep one key: three at home, two that stand in with hints. Nodes go down and up; whoever keeps hints may burn. */
class Store {
  readonly names = ['a', 'b', 'c', 'd', 'e'];
  readonly held = new Map<string, State>();
  readonly up = new Set(this.names);
  readonly handoffs = new Map<string, HintedHandoff>();
  readonly hints = new Map<string, State>();
  /** Home nodes whose lack of writes was told. */
  readonly gaps = new Set<string>();
  /** Home nodes for whom nobody could stand in. */
  readonly missing = new Set<string>();
  acknowledged: { readonly version: VectorClock; readonly value: string }[] = [];
  now = 0;
  #nextId = 1;
  readonly #limits: { readonly countMax: number; readonly ttlMs: number };

  constructor(limits: { readonly countMax: number; readonly ttlMs: number }) {
    this.#limits = limits;
    for (const name of this.names) this.#found(name);
  }

  /** A sloppy quorum of two of three, coordinated by the first node that is up. */
  write(value: string): void {
    const { targets, missing } = sloppyQuorum(this.names, 3, (name) => this.up.has(name));
    const coordinator = targets[0]?.node;
    if (coordinator === undefined) return;
    const before = this.held.get(coordinator) ?? none;
    const written = DottedVersionVectorSet.write(before.context, value).update(coordinator, before);
    this.held.set(coordinator, written);
    for (const name of missing) this.missing.add(name);
    let copies = 0;
    for (const { node, standsInFor } of targets)
      if (standsInFor === undefined) {
        this.#merge(node, written);
        copies += 1;
      } else if (this.#keep(node, standsInFor, written)) copies += 1;
    if (copies >= 2) this.acknowledged.push({ version: written.context, value });
  }

  step(name: string, input: HintedHandoffInput): void {
    const out: HintedHandoffEffect[] = [];
    this.handoffs.get(name)!.step(input, Instant.of(this.now), out);
    for (const effect of out) {
      if (effect.kind === 'gap') this.gaps.add(effect.target);
      if (effect.kind !== 'deliver') continue;
      const isUp = this.up.has(effect.target);
      if (isUp) this.#merge(effect.target, this.hints.get(`${name} ${effect.id}`)!);
      this.step(name, { kind: isUp ? 'delivered' : 'failed', id: effect.id });
    }
  }

  see(name: string, isUp: boolean): void {
    if (isUp) this.up.add(name);
    else this.up.delete(name);
    for (const other of this.names) this.step(other, { kind: isUp ? 'up' : 'down', target: name });
  }

  /** A node loses its disk: the hints that it kept are gone without anybody to tell. */
  burn(name: string): void {
    this.held.delete(name);
    this.#found(name);
  }

  settle(): void {
    for (const name of this.names) this.see(name, true);
    for (let round = 0; round < 300; round++) {
      this.now += 50;
      for (const name of this.names) this.step(name, { kind: 'tick' });
    }
  }

  /** A read of two of the three home nodes, with everybody answering. */
  read(order: readonly string[]): State | undefined {
    const read = new ReadRepair<string, State>({
      nodes: order,
      read: 2,
      versions: dottedVersions(),
      repair: 'blocking',
      timeoutMs: 1000,
    });
    const queue: ReadRepairEffect<string, State>[] = [];
    const feed = (input: ReadRepairInput<string, State>): void => read.step(input, Instant.of(0), queue);
    feed({ kind: 'start' });
    for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
      if (effect.kind === 'done') return effect.state;
      if (effect.kind === 'read') feed({ kind: 'state', from: effect.to, state: this.held.get(effect.to) });
      if (effect.kind !== 'repair') continue;
      this.#merge(effect.to, effect.state);
      feed({ kind: 'repaired', from: effect.to });
    }
    return undefined;
  }

  /** Home nodes that lack an acknowledged write. */
  lacking(): string[] {
    const lacks = (name: string): boolean =>
      this.acknowledged.some(({ version }) => !(this.held.get(name)?.context ?? VectorClock.empty).descends(version));
    return this.names.slice(0, 3).filter(lacks);
  }

  #found(name: string): void {
    const { countMax, ttlMs } = this.#limits;
    const room = { countMax, sizeBytesMax: 1e6, targetCountMax: countMax, targetSizeBytesMax: 1e6 };
    const times = { ttlMs, tombstoneGraceMs: ttlMs * 2, windowMs: ttlMs, answerMs: 50, backoffMs: 20 };
    this.handoffs.set(name, new HintedHandoff({ ...room, ...times }));
    for (const other of this.up) this.step(name, { kind: 'up', target: other });
  }

  #keep(node: string, target: string, state: State): boolean {
    const id = this.#nextId++;
    this.hints.set(`${node} ${id}`, state);
    const before = this.handoffs.get(node)!.count;
    this.step(node, { kind: 'store', id, target, sizeBytes: 100 });
    return this.handoffs.get(node)!.count > before;
  }

  #merge(node: string, state: State): void {
    this.held.set(node, (this.held.get(node) ?? none).merge(state));
  }
}

function live(seed: number, limits: { readonly countMax: number; readonly ttlMs: number }, burns: boolean): Store {
  const random = seeded(seed);
  const store = new Store(limits);
  for (let turn = 0; turn < 80; turn++) {
    store.now += randomBelow(random, 200);
    const name = store.names[randomBelow(random, 5)]!;
    const fate = randomBelow(random, 10);
    if (fate < 6) store.write(`v${turn}`);
    else if (fate < 8) store.see(name, !store.up.has(name));
    else for (const one of store.names) store.step(one, { kind: 'tick' });
    // Those that stand in: an acknowledged write is on a home node, too, unless two are down.
    if (burns && randomBelow(random, 30) === 0) store.burn(['d', 'e'][randomBelow(random, 2)]!);
  }
  store.settle();
  return store;
}

const untold = (store: Store): number =>
  store.lacking().filter((name) => !store.missing.has(name) && !store.gaps.has(name)).length;

describe('a store without a leader', () => {
  test('whoever lacks an acknowledged write, when all is well again, is one of those of whom that was told', () => {
    let acknowledged = 0;
    let told = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const store = live(seed, { countMax: 5, ttlMs: 2000 }, false);
      for (const name of store.lacking()) expect([...store.gaps, ...store.missing]).toContain(name);
      acknowledged += store.acknowledged.length;
      told += store.gaps.size;
    }
    expect(acknowledged).toBeGreaterThan(1000);
    expect(told).toBeGreaterThan(20);
  });
  test('with room for all hints nobody lacks anything for whom somebody could stand in', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const store = live(seed, { countMax: 1000, ttlMs: 1e6 }, false);
      expect([store.lacking().filter((name) => !store.missing.has(name)), [...store.gaps]]).toEqual([[], []]);
      for (const handoff of store.handoffs.values()) expect(handoff.count).toBe(0);
    }
  });
  test('a node that burns takes its hints with it, untold: hints are no guarantee', () => {
    let lacking = 0;
    for (let seed = 1; seed <= 60; seed++) lacking += untold(live(seed, { countMax: 1000, ttlMs: 1e6 }, true));
    expect(lacking).toBeGreaterThan(0);
  });
  test('a read of two of three then finds what is there, and brings it to those it asked', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = seeded(seed);
      const store = live(seed, { countMax: 3, ttlMs: 500 }, false);
      const order = randomSample(random, ['a', 'b', 'c'], 3);
      const before = order.slice(0, 2).map((name) => store.held.get(name)?.context ?? VectorClock.empty);
      const found = store.read(order)?.context ?? VectorClock.empty;
      expect(before.every((context) => found.descends(context))).toBe(true);
      for (const name of order.slice(0, 2)) expect(store.held.get(name)?.context ?? VectorClock.empty).toEqual(found);
    }
  });
});

describe('a hint and a tombstone', () => {
  /** A value is hinted for a node; it is deleted everywhere; the tombstone is collected; then the keeper of the hint comes back. What the node shows. */
  function story(ttlMs: number, saidGraceMs: number, graceMs: number): string | undefined {
    const times = { ttlMs, tombstoneGraceMs: saidGraceMs, windowMs: ttlMs, answerMs: 50, backoffMs: 20 };
    const handoff = new HintedHandoff({
      countMax: 9,
      sizeBytesMax: 999,
      targetCountMax: 9,
      targetSizeBytesMax: 999,
      ...times,
    });
    const out: HintedHandoffEffect[] = [];
    handoff.step({ kind: 'store', id: 1, target: 'x', sizeBytes: 1 }, Instant.of(0), out);
    // The deletion, at 10, reaches x by another way, and is forgotten there at 10 + grace: x has nothing.
    let shown: string | undefined;
    handoff.step({ kind: 'up', target: 'x' }, Instant.of(10 + graceMs), out);
    for (const effect of out) if (effect.kind === 'deliver') shown = 'deleted long ago';
    return shown;
  }
  test('a deleted value does not come back, as the hint is gone before the tombstone is', () => {
    expect(story(1000, 5000, 5000)).toBeUndefined();
  });
  test('it does when hints live longer than tombstones, which is refused unless one lies', () => {
    expect(() => story(8000, 5000, 5000)).toThrow(/bring back what was deleted/);
    expect(story(8000, 9000, 5000)).toBe('deleted long ago');
  });
});
