import { describe, expect, test } from 'vitest';
import { assert, Instant, randomBelow } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import { type Probe, type WaitForEffect, WaitForGraph, type WaitForInput } from './index.ts';

const SCHEDULERS = ['p', 'q', 'r'];

/** Turns on three machines that ask each other and answer, with the whole graph in one hand. */
class Waits {
  readonly #random: () => number;
  readonly #graphs = new Map<string, WaitForGraph>();
  /** Which turn waits for which: the id of a request, and at both ends `scheduler turn`. */
  readonly edges = new Map<string, { from: string; to: string }>();
  readonly #mail: { to: string; probe: Probe }[] = [];
  readonly turns: readonly string[];
  #now = 0;
  #request = 0;
  isLossy = true;
  /** What was found, and whether it was there. */
  readonly found: { turn: string; isTrue: boolean }[] = [];
  probes = 0;

  constructor(seed: number, turns: number) {
    this.#random = seeded(seed);
    for (const scheduler of SCHEDULERS) this.#graphs.set(scheduler, new WaitForGraph({ scheduler, probeAfterMs: 10 }));
    this.turns = Array.from({ length: turns }, (_, turn) => `${SCHEDULERS[turn % 3]} ${turn}`);
  }

  #step(scheduler: string, input: WaitForInput): void {
    const out: WaitForEffect[] = [];
    this.#graphs.get(scheduler)!.step(input, Instant.of(this.#now), out);
    for (const effect of out) {
      if (effect.kind === 'send') this.#mail.push(effect);
      if (effect.kind === 'send') this.probes += 1;
      if (effect.kind !== 'deadlock') continue;
      const turn = `${scheduler} ${effect.turn}`;
      this.found.push({ turn, isTrue: this.isInCircle(turn) });
      assert(this.edges.has(effect.request), 'only what is waited for can be given up');
      assert(effect.circle[0] === effect.circle.at(-1), 'a circle ends where it begins');
      this.settle(effect.request);
    }
  }

  isInCircle(turn: string): boolean {
    const seen = new Set<string>();
    const open = [turn];
    for (let next = open.pop(); next !== undefined; next = open.pop())
      for (const { from, to } of this.edges.values()) {
        if (from !== next || seen.has(to)) continue;
        seen.add(to);
        open.push(to);
      }
    return seen.has(turn);
  }

  isWaiting(turn: string): boolean {
    return [...this.edges.values()].some(({ from }) => from === turn);
  }

  ask(from: string, to: string): void {
    this.#request += 1;
    const request = `r${this.#request}`;
    this.edges.set(request, { from, to });
    const [scheduler, turn] = from.split(' ') as [string, string];
    this.#step(scheduler, { kind: 'asked', turn: Number(turn), actor: from, request, to: to.split(' ')[0]! });
  }

  settle(request: string): void {
    const { from } = this.edges.get(request)!;
    this.edges.delete(request);
    this.#step(from.split(' ')[0]!, { kind: 'settled', request });
  }

  deliver(): void {
    const [letter] = this.#mail.splice(randomBelow(this.#random, Math.max(1, this.#mail.length)), 1);
    if (letter === undefined || (this.isLossy && this.#random() < 0.2)) return;
    const blocker = this.edges.get(letter.probe.request)?.to;
    const blockers = blocker === undefined ? [] : [Number(blocker.split(' ')[1])];
    this.#step(letter.to, { kind: 'probe', probe: letter.probe, blockers });
  }

  act(): void {
    const fate = this.#random();
    const one = this.turns[randomBelow(this.#random, this.turns.length)]!;
    const other = this.turns[randomBelow(this.#random, this.turns.length)]!;
    // A turn that waits asks nothing more; one that asks may ask several at once.
    if (fate < 0.2 && !this.isWaiting(one)) {
      this.ask(one, other);
      if (this.#random() < 0.3) this.ask(one, this.turns[randomBelow(this.#random, this.turns.length)]!);
    } else if (fate < 0.5) {
      // Who waits for nothing can answer.
      const answerable = [...this.edges].filter(([, { to }]) => !this.isWaiting(to));
      if (answerable.length > 0) this.settle(answerable[randomBelow(this.#random, answerable.length)]![0]);
    } else if (fate < 0.8) this.deliver();
    else this.tick(randomBelow(this.#random, 5));
  }

  tick(ms: number): void {
    this.#now += ms;
    for (const scheduler of SCHEDULERS) this.#step(scheduler, { kind: 'tick' });
  }

  /** Lets all probes arrive, several rounds of them. */
  quiesce(): void {
    this.isLossy = false;
    for (let round = 0; round < 2 * this.turns.length; round++) {
      this.tick(10);
      for (let i = 0; i < 10_000 && this.#mail.length > 0; i++) this.deliver();
    }
  }
}

describe('three machines whose turns wait for each other', () => {
  test('what is found is a circle: while nobody gives up, nothing else is ever reported', () => {
    let found = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const waits = new Waits(seed, 7);
      for (let i = 0; i < 400 && waits.found.length === 0; i++) waits.act();
      for (const { isTrue } of waits.found) expect(isTrue).toBe(true);
      found += waits.found.length;
    }
    expect(found).toBeGreaterThan(200);
  });
  test('every circle is found in the end, even if probes are lost on the way', () => {
    let found = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const waits = new Waits(1000 + seed, 9);
      for (let i = 0; i < 150; i++) waits.act();
      waits.quiesce();
      expect(waits.turns.filter((turn) => waits.isInCircle(turn))).toEqual([]);
      found += waits.found.length;
    }
    expect(found).toBeGreaterThan(50);
  });
  test('one turn of a circle finds it, the last, and the probes of one round are at most as many as its edges', () => {
    const waits = new Waits(1, 9);
    for (let turn = 0; turn < 9; turn++) waits.ask(waits.turns[turn]!, waits.turns[(turn + 4) % 9]!);
    waits.isLossy = false;
    waits.tick(10);
    for (let i = 0; i < 200; i++) waits.deliver();
    expect(waits.found).toEqual([{ turn: 'r 8', isTrue: true }]);
    // Nine begin, and each passes those before it until one comes after it.
    expect(waits.probes).toBeLessThanOrEqual((9 * 10) / 2);
  });
});

describe('single steps', () => {
  const graph = (options: Partial<ConstructorParameters<typeof WaitForGraph>[0]> = {}) => {
    const one = new WaitForGraph({ scheduler: 'p', probeAfterMs: 10, ...options });
    const step = (ms: number, input: WaitForInput): WaitForEffect[] => {
      const out: WaitForEffect[] = [];
      one.step(input, Instant.of(ms), out);
      return out;
    };
    return { one, step };
  };
  const asked = (turn: number, request: string, to = 'q') =>
    ({ kind: 'asked', turn, actor: `actor ${turn}`, request, to }) as const;

  test('who does not wait long asks nobody', () => {
    const { one, step } = graph();
    step(0, asked(1, 'x'));
    expect([step(9, { kind: 'tick' }), one.deadline]).toEqual([[], 10]);
    step(9, { kind: 'settled', request: 'x' });
    step(9, { kind: 'settled', request: 'x' });
    expect([step(10, { kind: 'tick' }), one.deadline, one.size]).toEqual([[], undefined, 0]);
  });
  test('who waits for several asks after each, and names the one that leads back', () => {
    const { step } = graph();
    step(0, asked(1, 'x'));
    step(0, asked(1, 'y'));
    const probes = step(10, { kind: 'tick' }).flatMap((effect) => (effect.kind === 'send' ? [effect.probe] : []));
    expect(probes.map(({ first }) => first)).toEqual(['x', 'y']);
    const back = { ...probes[1]!, request: 'z', path: ['actor 1', 'other'] };
    expect(step(11, { kind: 'probe', probe: back, blockers: [1] })).toEqual([
      { kind: 'deadlock', turn: 1, request: 'y', circle: ['actor 1', 'other', 'actor 1'] },
    ]);
    step(12, { kind: 'settled', request: 'y' });
    expect(step(13, { kind: 'probe', probe: back, blockers: [1] })).toEqual([]);
  });
  test('a probe passes a turn once in a round, and none that comes after its initiator', () => {
    const { step } = graph();
    for (const turn of [1, 5]) step(0, asked(turn, `of ${turn}`));
    const probe: Probe = {
      initiator: { scheduler: 'q', turn: 3 },
      first: 'f',
      round: 1,
      request: 'z',
      path: ['first'],
    };
    const passed = step(1, { kind: 'probe', probe, blockers: [1, 5, 7] });
    expect(passed).toMatchObject([{ kind: 'send', to: 'q', probe: { request: 'of 1', path: ['first', 'actor 1'] } }]);
    expect(step(2, { kind: 'probe', probe, blockers: [1] })).toEqual([]);
    expect(step(3, { kind: 'probe', probe: { ...probe, round: 2 }, blockers: [1] })).toHaveLength(1);
  });
  test('of turns with the same number, the scheduler whose name comes last finds the circle', () => {
    const probe = (scheduler: string): Probe => {
      return { initiator: { scheduler, turn: 1 }, first: 'f', round: 1, request: 'z', path: ['first'] };
    };
    const passes = (initiator: string): number => {
      const { step } = graph({ scheduler: 'q' });
      step(0, asked(1, 'x'));
      return step(1, { kind: 'probe', probe: probe(initiator), blockers: [1] }).length;
    };
    expect([passes('p'), passes('r')]).toEqual([0, 1]);
  });
  test('bounds: hops of a probe, and turns that are watched', () => {
    const { one, step } = graph({ hopsMax: 2, waitingMax: 1 });
    step(0, asked(1, 'x'));
    step(0, asked(2, 'y'));
    expect([one.size, one.unwatched]).toEqual([1, 1]);
    const initiator = { scheduler: 'q', turn: 3 };
    const probe: Probe = { initiator, first: 'f', round: 1, request: 'z', path: ['1', '2'] };
    expect(step(1, { kind: 'probe', probe, blockers: [1] })).toEqual([]);
    for (const wrong of [{ probeAfterMs: 0 }, { hopsMax: 0 }, { waitingMax: 0 }])
      expect(() => graph(wrong)).toThrow(Object.keys(wrong)[0]);
  });
});
