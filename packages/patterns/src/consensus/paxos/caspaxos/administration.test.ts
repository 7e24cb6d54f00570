/** The collector of tombstones and the change of acceptors, by hand. */
import { describe, expect, test } from 'vitest';
import { Instant } from '../../../base/index.ts';
import { type Ballot, NodeId } from '../ballot.ts';
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
    if (effect.kind === 'send') return `>${effect.to} ${showRegisterMessage(effect.message)}`;
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
      const out: GarbageCollectionEffect[] = [];
      kernel.step(input, Instant.of(now), out);
      return show(out);
    };
    return { kernel, step };
  };

  test('takes its steps one after the other, each at all of them (section 3.1, step 2)', () => {
    const { kernel, step } = begin();
    expect(step({ kind: 'start' })).toEqual(['sweep x', 'sweep y']);
    expect(kernel.deadline).toBeUndefined();
    expect(step({ kind: 'swept', key: 'x', ballot: at(7) })).toEqual([]);
    expect(step({ kind: 'swept', key: 'y', ballot: at(5) })).toEqual([
      '>1 outdate beyond round 7',
      '>2 outdate beyond round 7',
    ]);
    const run = '7.1';
    expect(step({ kind: 'message', from: node(1), message: { kind: 'outdated', run, age: 3 } })).toEqual([]);
    expect(step({ kind: 'message', from: node(1), message: { kind: 'outdated', run, age: 3 } })).toEqual([]);
    expect(step({ kind: 'message', from: node(2), message: { kind: 'outdated', run: 'other', age: 9 } })).toEqual([]);
    expect(step({ kind: 'tick' }, 99)).toEqual([]);
    expect(step({ kind: 'tick' }, 100)).toEqual(['>2 outdate beyond round 7']);
    expect(step({ kind: 'message', from: node(2), message: { kind: 'outdated', run, age: 1 } })).toEqual([
      '>11 require ages 1:3 2:1',
      '>12 require ages 1:3 2:1',
    ]);
    // One that answers the wrong question does not count.
    expect(step({ kind: 'message', from: node(11), message: { kind: 'erased', run, kept: [] } })).toEqual([]);
    step({ kind: 'message', from: node(11), message: { kind: 'ages-required', run } });
    expect(step({ kind: 'message', from: node(12), message: { kind: 'ages-required', run } })).toEqual([
      '>11 erase 7.1 5.1',
      '>12 erase 7.1 5.1',
    ]);
    step({ kind: 'message', from: node(11), message: { kind: 'erased', run, kept: [] } });
    expect(step({ kind: 'message', from: node(12), message: { kind: 'erased', run, kept: ['y'] } })).toEqual([
      'erased x kept y',
    ]);
    expect(kernel.deadline).toBeUndefined();
    expect(kernel.state.step).toBeUndefined();
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
      const out: MembershipChangeEffect[] = [];
      kernel.step(input, Instant.of(now), out);
      return show(out);
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
    expect(step({ kind: 'start' }).map((line) => line.slice(0, 18))).toEqual([
      '>1 configuration 2',
      '>2 configuration 2',
    ]);
    expect(step({ kind: 'rescanned' })).toEqual([]);
    expect(step(configured(1, 2))).toEqual([]);
    expect(step(configured(1, 2))).toEqual([]);
    expect(step(configured(2, 1))).toEqual([]);
    expect(step({ kind: 'tick' }, 100).map((line) => line.slice(0, 18))).toEqual(['>2 configuration 2']);
    expect(step(configured(2, 2))).toEqual(['rescan']);
    expect(step({ kind: 'rescanned' }).map((line) => line.slice(0, 18))).toEqual([
      '>1 configuration 3',
      '>2 configuration 3',
    ]);
    step(configured(1, 3));
    expect(step(configured(2, 3))).toEqual(['finished']);
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
