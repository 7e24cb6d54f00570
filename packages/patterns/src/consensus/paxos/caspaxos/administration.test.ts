/** The collector of tombstones and the change of acceptors, by hand. */
import { describe, expect, test } from 'vitest';
import { Instant } from '../../../base/index.ts';
import { type Ballot, NodeId } from '../ballot.ts';
import { outOf } from '../steps.fixture.ts';
import { majorityConfiguration } from './configuration.ts';
import {
  collectionOf,
  GarbageCollection,
  type GarbageCollectionEffect,
  type GarbageCollectionInput,
} from './garbage-collection.ts';
import {
  growthSteps,
  MembershipChange,
  type MembershipChangeEffect,
  type MembershipChangeInput,
  shrinkSteps,
} from './membership-change.ts';
import { showRegisterMessage } from './messages.fixture.ts';

const node = NodeId.of;
const at = (round: number): Ballot => ({ round, node: node(1) });

function show(effects: readonly (GarbageCollectionEffect | MembershipChangeEffect)[]): string[] {
  return effects.map((effect) => {
    if (effect.kind === 'send') {
      const waits = effect.after === 0 ? '' : ` after #${effect.after}`;
      return `>${effect.to} ${showRegisterMessage(effect.message)}${waits}`;
    }
    if (effect.kind === 'sweep') return `sweep ${effect.key}`;
    if (effect.kind === 'collected') return `erased ${effect.erased.join()} kept ${effect.kept.join()}`;
    return effect.kind;
  });
}

describe('a collection of tombstones', () => {
  const begin = (): {
    readonly kernel: GarbageCollection;
    readonly step: (input: GarbageCollectionInput, now?: number) => string[];
  } => {
    const options = { proposers: [node(1), node(2)], acceptors: [node(11), node(12)], resendMs: 100 };
    const kernel = new GarbageCollection(
      options,
      collectionOf([
        { key: 'x', ballot: at(1) },
        { key: 'y', ballot: at(2) },
      ]),
    );
    const step = (input: GarbageCollectionInput, now = 0): string[] => {
      return show(outOf<GarbageCollectionEffect>((out) => kernel.step(input, Instant.of(now), out)));
    };
    return { kernel, step };
  };

  test('takes its steps one after the other, each at all of them (section 3.1, step 2)', () => {
    const { kernel, step } = begin();
    expect(step({ kind: 'start' })).toEqual(['sweep x', 'sweep y']);
    expect(kernel.deadline).toBeUndefined();
    expect(step({ kind: 'swept', key: 'x', ballot: at(6) })).toEqual([]);
    expect(step({ kind: 'swept', key: 'y', ballot: at(5) })).toEqual([
      '>1 outdate beyond round 6',
      '>2 outdate beyond round 6',
    ]);
    const run = '6.1';
    // A stranger's age is none of those that are asked for.
    expect(step({ kind: 'message', from: node(9), message: { kind: 'outdated', run, age: 4 } })).toEqual([]);
    expect(step({ kind: 'message', from: node(1), message: { kind: 'outdated', run, age: 3 } })).toEqual([]);
    expect(step({ kind: 'message', from: node(1), message: { kind: 'outdated', run, age: 3 } })).toEqual([]);
    expect(step({ kind: 'message', from: node(2), message: { kind: 'outdated', run: 'other', age: 9 } })).toEqual([]);
    expect(step({ kind: 'tick' }, 99)).toEqual([]);
    expect(step({ kind: 'tick' }, 100)).toEqual(['>2 outdate beyond round 6']);
    expect(step({ kind: 'message', from: node(2), message: { kind: 'outdated', run, age: 1 } })).toEqual([
      '>11 require ages 1:3 2:1',
      '>12 require ages 1:3 2:1',
    ]);
    // One that answers the wrong question does not count.
    expect(step({ kind: 'message', from: node(11), message: { kind: 'erased', run, kept: [] } })).toEqual([]);
    expect(step({ kind: 'message', from: node(12), message: { kind: 'ages-required', run } })).toEqual([]);
    expect(step({ kind: 'tick' }, 1_000)).toEqual(['>11 require ages 1:3 2:1']);
    expect(step({ kind: 'message', from: node(11), message: { kind: 'ages-required', run } })).toEqual([
      '>11 erase 6.1 5.1',
      '>12 erase 6.1 5.1',
    ]);
    step({ kind: 'message', from: node(11), message: { kind: 'erased', run, kept: [] } });
    expect(step({ kind: 'message', from: node(12), message: { kind: 'erased', run, kept: ['y'] } })).toEqual([
      'erased x kept y',
    ]);
    expect(kernel.deadline).toBeUndefined();
    expect(kernel.state.step).toBeUndefined();
  });

  test('takes the first answer to each sweep, and none when that is over', () => {
    const { step, kernel } = begin();
    step({ kind: 'start' });
    step({ kind: 'swept', key: 'x', ballot: at(7) });
    step({ kind: 'swept', key: 'x', ballot: at(9) });
    step({ kind: 'swept', key: 'y', ballot: at(5) });
    step({ kind: 'swept', key: 'y', ballot: undefined });
    expect(kernel.state.tombstones.map(({ key, ballot }) => [key, ballot.round])).toEqual([
      ['x', 7],
      ['y', 5],
    ]);
    expect(kernel.state.kept).toEqual([]);
  });

  test('goes beyond the highest of its tombstones, and is named after it', () => {
    const { step } = begin();
    step({ kind: 'start' });
    // Nothing has been asked of acceptors yet.
    for (const from of [11, 12])
      expect(step({ kind: 'message', from: node(from), message: { kind: 'erased', run: '2.1', kept: [] } })).toEqual(
        [],
      );
    step({ kind: 'swept', key: 'x', ballot: at(5) });
    expect(step({ kind: 'swept', key: 'y', ballot: at(6) })[0]).toBe('>1 outdate beyond round 6');
    step({ kind: 'message', from: node(1), message: { kind: 'outdated', run: '6.1', age: 1 } });
    expect(step({ kind: 'message', from: node(2), message: { kind: 'outdated', run: '6.1', age: 2 } })).toEqual([
      '>11 require ages 1:1 2:2',
      '>12 require ages 1:1 2:2',
    ]);
  });

  test('repeats its questions after half a second by default', () => {
    const kernel = new GarbageCollection(
      { proposers: [node(1)], acceptors: [node(11)], steps: ['outdate'] },
      collectionOf([{ key: 'x', ballot: at(1) }]),
    );
    kernel.step({ kind: 'start' }, Instant.of(20), []);
    expect(kernel.deadline).toBe(520);
  });

  test('of nothing makes no sense', () => {
    expect(() => collectionOf([])).toThrow(/something to collect/);
  });

  test('leaves out what is in use again, and ends at once when that is all', () => {
    const { step } = begin();
    step({ kind: 'start' });
    step({ kind: 'swept', key: 'x', ballot: undefined });
    expect(step({ kind: 'swept', key: 'y', ballot: undefined })).toEqual(['erased  kept x,y']);
  });
});

describe('a change of acceptors', () => {
  const change = (
    steps: ConstructorParameters<typeof MembershipChange>[1],
  ): { readonly kernel: MembershipChange; readonly step: (input: MembershipChangeInput, now?: number) => string[] } => {
    const kernel = new MembershipChange({ proposers: [node(1), node(2)], resendMs: 100 }, steps);
    const step = (input: MembershipChangeInput, now = 0): string[] => {
      return show(outOf<MembershipChangeEffect>((out) => kernel.step(input, Instant.of(now), out)));
    };
    return { kernel, step };
  };
  const configured = (from: number, version: number): MembershipChangeInput => ({
    kind: 'message',
    from: node(from),
    message: { kind: 'configured', version },
  });

  test('has every proposer take a configuration before it goes on, and every register rescanned', () => {
    const { step } = change(growthSteps(majorityConfiguration(1, [node(11)]), node(12)));
    expect(step({ kind: 'start' })).toEqual([
      '>1 configuration 2: prepare 1 of 11, accept 2 of 11,12',
      '>2 configuration 2: prepare 1 of 11, accept 2 of 11,12',
    ]);
    expect(step({ kind: 'rescanned' })).toEqual([]);
    expect(step(configured(1, 2))).toEqual([]);
    expect(step(configured(1, 2))).toEqual([]);
    expect(step(configured(2, 1))).toEqual([]);
    expect(step(configured(9, 2))).toEqual([]);
    expect(step({ kind: 'tick' }, 99)).toEqual([]);
    expect(step({ kind: 'tick' }, 100).map((line) => line.slice(0, 18))).toEqual(['>2 configuration 2']);
    expect(step(configured(2, 2))).toEqual(['rescan']);
    expect(step({ kind: 'rescanned' }).map((line) => line.slice(0, 18))).toEqual([
      '>1 configuration 3',
      '>2 configuration 3',
    ]);
    step(configured(1, 3));
    expect(step(configured(2, 3))).toEqual(['finished']);
    expect(step({ kind: 'rescanned' })).toEqual([]);
    expect(step(configured(2, 3))).toEqual([]);
  });

  test('repeats its question after half a second by default', () => {
    const steps = growthSteps(majorityConfiguration(1, [node(11)]), node(12));
    const kernel = new MembershipChange({ proposers: [node(1)] }, steps);
    kernel.step({ kind: 'start' }, Instant.of(20), []);
    expect(kernel.deadline).toBe(520);
  });

  test('goes on from where it was interrupted', () => {
    const first = change(shrinkSteps(majorityConfiguration(1, [node(11), node(12)]), node(11)));
    first.step({ kind: 'start' });
    first.step(configured(1, 2));
    first.step(configured(2, 2));
    const second = change(first.kernel.state);
    expect(second.step({ kind: 'start' }).map((line) => line.slice(0, 18))).toEqual([
      '>1 configuration 3',
      '>2 configuration 3',
    ]);
  });
});
