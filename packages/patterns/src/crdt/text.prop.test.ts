import { expect, test } from 'vitest';
import { VectorClock } from '../time/index.ts';
import { StabilityTracker, text } from './index.ts';
import { edit, randomFrom } from './laws.fixture.ts';

test('one editor: a text is the string that the same edits make, and is so when it is read from its blocks', () => {
  for (let seed = 1; seed <= 80; seed++) {
    const random = randomFrom(seed);
    let state = text.empty;
    /** One per character, so that no pair is cut. */
    const model: string[] = [];
    const lengthOf = (characters: readonly string[]): number => characters.join('').length;
    for (let step = 0; step < 50; step++) {
      const at = random(model.length + 1);
      const index = lengthOf(model.slice(0, at));
      if (at < model.length && random(3) === 0) {
        const gone = model.splice(at, 1 + random(model.length - at));
        state = text.merge(state, text.delete(state, index, lengthOf(gone)));
      } else {
        const typed = ['x', 'yz', 'é😀'][random(3)]!;
        state = text.merge(state, text.insert(state, index, typed, 'ab'[random(2)]!));
        model.splice(at, 0, ...typed);
      }
      expect(text.value(state)).toBe(model.join(''));
      expect(text.value(text.merge(text.empty, state))).toBe(model.join(''));
    }
  }
});

test('several editors with collection: all converge on the value they would have without it', () => {
  const names = ['a', 'b', 'c'];
  let collections = 0;
  for (let seed = 1; seed <= 120; seed++) {
    const random = randomFrom(seed);
    const replicas = names.map((name) => ({
      name,
      version: VectorClock.empty,
      state: text.empty,
      /** The same history without collection. */
      plain: text.empty,
      tracker: new StabilityTracker<typeof text.empty>({ others: names.filter((other) => other !== name) }),
    }));
    const old: (typeof text.empty)[] = [];
    for (let step = 0; step < 40; step++) {
      const here = replicas[random(3)]!;
      if (random(2) === 0) {
        const delta = edit(here.state, here.name, random);
        // Of the same version for both: the plain one may still hold what the other has forgotten.
        here.state = text.merge(here.state, delta);
        here.plain = text.merge(here.plain, delta);
        here.version = here.version.advance(here.name);
        old.push(delta);
      } else {
        const from = replicas[random(3)]!;
        if (from === here) continue;
        here.state = text.merge(here.state, from.state);
        here.plain = text.merge(here.plain, from.plain);
        here.version = here.version.merge(from.version);
        const out: { state: typeof text.empty }[] = [];
        here.tracker.step({ kind: 'advanced', version: here.version, state: here.state }, out as never);
        here.tracker.step({ kind: 'heard', from: from.name, version: from.version }, out as never);
        for (const { state } of out) {
          const collected = text.collect(here.state, state);
          if (collected !== here.state) collections += 1;
          expect(text.value(collected)).toBe(text.value(here.state));
          here.state = collected;
        }
      }
      expect(text.value(here.state)).toBe(text.value(here.plain));
    }
    const [a, b, c] = replicas.map((replica) => replica.state) as [
      typeof text.empty,
      typeof text.empty,
      typeof text.empty,
    ];
    const all = text.merge(text.merge(a, b), c);
    expect(text.value(all)).toBe(text.value(text.merge(c, text.merge(b, a))));
    expect(text.value(all)).toBe(text.value(replicas.map((replica) => replica.plain).reduce(text.merge)));
    expect(text.value(old.reduce(text.merge, all))).toBe(text.value(all));
  }
  expect(collections).toBeGreaterThan(10);
});
