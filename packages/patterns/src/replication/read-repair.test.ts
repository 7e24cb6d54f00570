import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant, randomBelow, randomSample } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import { DottedVersionVectorSet, hybridTimestamp, VectorClock } from '../time/index.ts';
import {
  dottedVersions,
  lastWriterVersions,
  ReadRepair,
  type ReadRepairEffect,
  type ReadRepairInput,
  type ReadRepairOptions,
  ReplicatedRecord,
  recordVersions,
} from './index.ts';

type State = DottedVersionVectorSet<string>;
const versions = dottedVersions<string>();
const digestOf = (state: State | undefined): string => JSON.stringify(state ?? null);
const none = DottedVersionVectorSet.of<string>([]);
const write = (state: State, value: string, actor: string, context = state.context): State =>
  DottedVersionVectorSet.write(context, value).update(actor, state);

const v1 = write(none, 'one', 'a');
const v2 = write(v1, 'two', 'b');
const beside = write(none, 'beside', 'c');

const make = (options: Partial<ReadRepairOptions<string, State>> = {}) => {
  const read = new ReadRepair<string, State>({
    nodes: ['a', 'b', 'c'],
    read: 2,
    versions,
    repair: 'blocking',
    timeoutMs: 1000,
    ...options,
  });
  const step = (ms: number, input: ReadRepairInput<string, State>): ReadRepairEffect<string, State>[] => {
    const out: ReadRepairEffect<string, State>[] = [];
    read.step(input, Instant.of(ms), out);
    return out;
  };
  const state = (from: string, value: State | undefined, ms = 1) => step(ms, { kind: 'state', from, state: value });
  const digest = (from: string, value: State | undefined, ms = 1) =>
    step(ms, { kind: 'digest', from, digest: digestOf(value) });
  return { read, step, state, digest };
};

describe('what a read answers, and whom it mends', () => {
  test('all agree: the state, and nothing to mend', () => {
    const { step, state } = make();
    expect(step(0, { kind: 'start' })).toEqual(['a', 'b'].map((to) => ({ kind: 'read', to, want: 'state' })));
    expect([state('a', v1), state('b', v1)]).toEqual([[], [{ kind: 'done', state: v1, stale: [] }]]);
  });
  test('blocking: who is behind is mended first, and only then is it answered', () => {
    const { step, state } = make();
    step(0, { kind: 'start' });
    state('a', v1);
    expect(state('b', v2)).toEqual([{ kind: 'repair', to: 'a', state: v2 }]);
    expect(step(2, { kind: 'repaired', from: 'a' })).toEqual([{ kind: 'done', state: v2, stale: ['a'] }]);
  });
  test('asynchronous: answered at once, mended then; none: only told', () => {
    for (const [repair, more] of [
      ['asynchronous', [{ kind: 'repair', to: 'b', state: v2 }]],
      ['none', []],
    ] as const) {
      const { step, state } = make({ repair });
      step(0, { kind: 'start' });
      state('a', v2);
      expect(state('b', undefined)).toEqual([{ kind: 'done', state: v2, stale: ['b'] }, ...more]);
    }
  });
  test('concurrent versions are put together, and all who lack one of them are mended', () => {
    const { step, state } = make();
    step(0, { kind: 'start' });
    state('a', v2);
    const out = state('b', beside);
    const merged = v2.merge(beside);
    expect(out).toEqual([
      { kind: 'repair', to: 'a', state: merged },
      { kind: 'repair', to: 'b', state: merged },
    ]);
    step(2, { kind: 'repaired', from: 'a' });
    expect(step(2, { kind: 'repaired', from: 'b' })).toMatchObject([{ kind: 'done', stale: ['a', 'b'] }]);
    expect(merged.values.sort()).toEqual(['beside', 'two']);
  });
  test('who answers later is mended too, when more were asked than needed', () => {
    const { step, state } = make({ ask: 3, repair: 'asynchronous' });
    step(0, { kind: 'start' });
    state('a', v2);
    state('b', v2);
    expect([state('c', v1), state('c', v1)]).toEqual([[{ kind: 'repair', to: 'c', state: v2 }], []]);
    const { step: other, state: says } = make({ ask: 3 });
    other(0, { kind: 'start' });
    says('a', v2);
    says('b', v1);
    // The third has it: no need to wait for the repair of the second.
    expect(says('c', v2)).toEqual([{ kind: 'done', state: v2, stale: ['b'] }]);
  });
  test('with R = 1 nothing is compared (as with Cassandra’s ONE), unless more are asked', () => {
    const { step, state } = make({ read: 1 });
    expect(step(0, { kind: 'start' })).toHaveLength(1);
    expect(state('a', v1)).toEqual([{ kind: 'done', state: v1, stale: [] }]);
  });
  test('a tombstone that may be collected does not go back to who has collected it', () => {
    const { step, state } = make({ restores: () => false });
    step(0, { kind: 'start' });
    state('a', v2);
    expect(state('b', undefined)).toEqual([{ kind: 'done', state: v2, stale: ['b'] }]);
  });
});

describe('digests', () => {
  test('one sends its state, the others a hash; equal hashes are enough', () => {
    const { step, state, digest } = make({ digestOf, read: 3 });
    expect(step(0, { kind: 'start' }).map((effect) => effect.kind === 'read' && effect.want)).toEqual([
      'state',
      'digest',
      'digest',
    ]);
    expect([digest('b', v1), digest('c', v1)]).toEqual([[], []]);
    expect(state('a', v1)).toEqual([{ kind: 'done', state: v1, stale: [] }]);
  });
  test('who differs is asked for its state', () => {
    const { step, state, digest } = make({ digestOf });
    step(0, { kind: 'start' });
    state('a', v1);
    expect(digest('b', v2)).toEqual([{ kind: 'read', to: 'b', want: 'state' }]);
    expect(state('b', v2)).toEqual([{ kind: 'repair', to: 'a', state: v2 }]);
  });
  test('when the one that was to send its state fails, another must, and one more is asked', () => {
    const { step, digest } = make({ digestOf });
    step(0, { kind: 'start' });
    digest('b', v1);
    expect(step(1, { kind: 'error', from: 'a' })).toEqual([{ kind: 'read', to: 'c', want: 'state' }]);
    const { step: other, digest: says } = make({ digestOf, ask: 3 });
    other(0, { kind: 'start' });
    for (const from of ['b', 'c']) says(from, v1);
    expect(other(1, { kind: 'error', from: 'a' })).toEqual([{ kind: 'read', to: 'b', want: 'state' }]);
  });
  test('equal versions with different data are no conflict but damage, and are reported', () => {
    const { step, state, digest } = make({ digestOf });
    const twin = DottedVersionVectorSet.of([{ actor: 'a', counter: 1, values: ['other'] }]);
    step(0, { kind: 'start' });
    state('a', v1);
    digest('b', twin);
    expect(state('b', twin)[0]).toEqual({ kind: 'corrupt', nodes: ['a', 'b'] });
  });
  test('give what whole states would have given', () => {
    const states = fc.array(fc.constantFrom(undefined, v1, v2, beside, v2.merge(beside)), {
      minLength: 3,
      maxLength: 3,
    });
    fc.assert(
      fc.property(states, fc.constantFrom('blocking', 'asynchronous', 'none'), (held, repair) => {
        const results = [undefined, digestOf].map((hash) =>
          play(held, hash === undefined ? { repair, read: 3 } : { repair, read: 3, digestOf: hash }),
        );
        expect(results[1]).toEqual(results[0]);
      }),
    );
  });
  function play(held: readonly (State | undefined)[], options: Partial<ReadRepairOptions<string, State>>) {
    const { step } = make(options);
    const at = new Map(['a', 'b', 'c'].map((node, i) => [node, held[i]]));
    const queue = step(0, { kind: 'start' });
    let done: unknown;
    for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
      if (effect.kind === 'done') done = { state: effect.state, stale: effect.stale };
      if (effect.kind === 'repair') at.set(effect.to, (at.get(effect.to) ?? none).merge(effect.state));
      if (effect.kind === 'repair') queue.push(...step(1, { kind: 'repaired', from: effect.to }));
      if (effect.kind !== 'read') continue;
      const state = at.get(effect.to);
      const { to: from, want } = effect;
      queue.push(
        ...step(
          1,
          want === 'state' ? { kind: 'state', from, state } : { kind: 'digest', from, digest: digestOf(state) },
        ),
      );
    }
    return { done, at };
  }
});

describe('who does not answer', () => {
  test('one that fails is replaced; when too few are left, it fails', () => {
    const { step, state } = make();
    step(0, { kind: 'start' });
    expect(step(1, { kind: 'error', from: 'a' })).toEqual([{ kind: 'read', to: 'c', want: 'state' }]);
    state('b', v1);
    expect(step(2, { kind: 'error', from: 'c' })).toEqual([{ kind: 'failed', why: 'too-few', answers: 1 }]);
  });
  test('one that is slow is hedged, and the whole is given up in the end', () => {
    const { read, step, state } = make({ hedgeMs: 50 });
    step(0, { kind: 'start' });
    expect(read.deadline).toBe(50);
    expect(step(50, { kind: 'tick' })).toEqual([{ kind: 'read', to: 'c', want: 'state' }]);
    expect(read.deadline).toBe(1000);
    state('a', v1, 60);
    expect(step(1000, { kind: 'tick' })).toEqual([{ kind: 'failed', why: 'timed-out', answers: 1 }]);
    expect([read.deadline, state('b', v1, 1001)]).toEqual([undefined, []]);
  });
  test('a repair that fails goes to another replica instead, so that as many have it', () => {
    const { step, state } = make();
    step(0, { kind: 'start' });
    state('a', v1);
    state('b', v2);
    expect(step(2, { kind: 'error', from: 'a' })).toEqual([{ kind: 'repair', to: 'c', state: v2 }]);
    expect(step(3, { kind: 'repaired', from: 'c' })).toEqual([{ kind: 'done', state: v2, stale: ['a'] }]);
    const { step: other, state: says } = make({ nodes: ['a', 'b'] });
    other(0, { kind: 'start' });
    says('a', v1);
    says('b', v2);
    expect(other(2, { kind: 'error', from: 'a' })).toEqual([{ kind: 'failed', why: 'too-few', answers: 2 }]);
  });
  test('numbers that do not fit are refused', () => {
    expect(() => make({ read: 4 })).toThrow(RangeError);
    expect(() => make({ read: 2, ask: 1 })).toThrow(RangeError);
    expect(() => make({ nodes: ['a', 'a'] })).toThrow(/distinct/);
    expect(() => make({ timeoutMs: 0 })).toThrow(/timeoutMs/);
  });
});

describe('reads that follow one another', () => {
  /** Writes that reach any number of the replicas; reads of two of three, one after the other, with failures. How often a read went back. */
  function goBack(
    seed: number,
    repair: 'blocking' | 'asynchronous',
    digests: boolean,
  ): { reads: number; back: number } {
    const random = seeded(seed);
    const held = new Map<string, State>();
    let seen = VectorClock.empty;
    const sum = { reads: 0, back: 0 };
    for (let turn = 0; turn < 30; turn++) {
      const actor = ['a', 'b', 'c'][randomBelow(random, 3)]!;
      const written = write(held.get(actor) ?? none, `v${turn}`, actor);
      for (const node of [actor, ...randomSample(random, ['a', 'b', 'c'], randomBelow(random, 2))])
        held.set(node, (held.get(node) ?? none).merge(written));
      const options = { nodes: randomSample(random, ['a', 'b', 'c'], 3), repair, ask: 2 + randomBelow(random, 2) };
      const { step } = make(digests ? { ...options, digestOf } : options);
      const queue = step(0, { kind: 'start' });
      while (queue.length > 0) {
        const [effect] = queue.splice(randomBelow(random, queue.length), 1);
        const fails = random() < 0.15;
        if (effect?.kind === 'done') {
          sum.reads += 1;
          const context = effect.state?.context ?? VectorClock.empty;
          if (!context.descends(seen)) sum.back += 1;
          seen = seen.merge(context);
        } else if (effect?.kind === 'repair') {
          if (!fails) held.set(effect.to, (held.get(effect.to) ?? none).merge(effect.state));
          queue.push(...step(1, { kind: fails ? 'error' : 'repaired', from: effect.to }));
        } else if (effect?.kind === 'read') {
          const { to: from, want } = effect;
          const state = held.get(from);
          if (fails) queue.push(...step(1, { kind: 'error', from }));
          else
            queue.push(
              ...step(
                1,
                want === 'state' ? { kind: 'state', from, state } : { kind: 'digest', from, digest: digestOf(state) },
              ),
            );
        }
      }
    }
    return sum;
  }
  const all = (repair: 'blocking' | 'asynchronous', digests: boolean) => {
    const sums = Array.from({ length: 40 }, (_, seed) => goBack(seed + 1, repair, digests));
    return {
      reads: sums.reduce((sum, { reads }) => sum + reads, 0),
      back: sums.reduce((sum, { back }) => sum + back, 0),
    };
  };
  test.each([false, true])(
    'never go back with blocking repair and a majority, though writes fail halfway (digests: %s)',
    (digests) => {
      const { reads, back } = all('blocking', digests);
      expect(back).toBe(0);
      expect(reads).toBeGreaterThan(700);
    },
  );
  test('do so with asynchronous repair, when a repair is lost', () => {
    expect(all('asynchronous', false).back).toBeGreaterThan(10);
  });
});

describe('comparers of versions', () => {
  test('by hybrid timestamp, a later write replaces an earlier or concurrent one', () => {
    const by = lastWriterVersions<{
      readonly stamp: { readonly at: ReturnType<typeof hybridTimestamp>; readonly node: string };
    }>();
    const [one, two] = [1, 2].map((ms) => ({ stamp: { at: hybridTimestamp(ms), node: 'n' } })) as [
      { stamp: { at: ReturnType<typeof hybridTimestamp>; node: string } },
      { stamp: { at: ReturnType<typeof hybridTimestamp>; node: string } },
    ];
    expect([by.compare(one, two), by.compare(two, one), by.compare(one, one)]).toEqual(['before', 'after', 'equal']);
    expect([by.merge(one, two), by.merge(two, one)]).toEqual([two, two]);
  });
  test('of records, as their siblings say', () => {
    const by = recordVersions<string>();
    const stamp = { at: hybridTimestamp(1), node: 'n' };
    const one = ReplicatedRecord.none<string>().write('x', { actor: 'a', stamp });
    const two = one.write('y', { actor: 'b', stamp });
    expect([by.compare(one, two), by.merge(one, two).versions]).toEqual(['before', two.versions]);
  });
});
