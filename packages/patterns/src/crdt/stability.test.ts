import { expect, test } from 'vitest';
import { VectorClock } from '../time/index.ts';
import { type StabilityEffect, type StabilityInput, StabilityTracker } from './index.ts';

const version = (counters: Record<string, number>): VectorClock => VectorClock.of(Object.entries(counters));
const run = (tracker: StabilityTracker<string>, ...inputs: StabilityInput<string>[]): string[] => {
  const out: StabilityEffect<string>[] = [];
  for (const input of inputs) tracker.step(input, out);
  return out.map(({ state }) => state);
};
const advanced = (state: string, counters: Record<string, number>): StabilityInput<string> => ({
  kind: 'advanced',
  version: version(counters),
  state,
});
const heard = (from: string, counters: Record<string, number>): StabilityInput<string> => ({
  kind: 'heard',
  from,
  version: version(counters),
});

test('a state is stable once every other replica has said that it has it', () => {
  const tracker = new StabilityTracker<string>({ others: ['b', 'c'] });
  expect(run(tracker, advanced('one', { a: 1 }), heard('b', { a: 1 }))).toEqual([]);
  expect(run(tracker, heard('c', { a: 1 }))).toEqual(['one']);
  expect(tracker.size).toBe(0);
});

test('of several stable states the latest is given, and the rest forgotten', () => {
  const tracker = new StabilityTracker<string>({ others: ['b'] });
  run(tracker, advanced('one', { a: 1 }), advanced('two', { a: 2 }), advanced('three', { a: 3 }));
  expect(run(tracker, heard('b', { a: 2 }))).toEqual(['two']);
  expect(run(tracker, heard('b', { a: 1 }))).toEqual([]);
  expect(run(tracker, heard('b', { a: 3 }))).toEqual(['three']);
});

test('what a replica says counts only once its own changes until then have arrived: until then it may have edited what we would forget', () => {
  const tracker = new StabilityTracker<string>({ others: ['b'] });
  expect(run(tracker, advanced('one', { a: 1 }), heard('b', { a: 1, b: 1 }))).toEqual([]);
  expect(run(tracker, advanced('two', { a: 1, b: 1 }))).toEqual(['two']);
});

test('what waits is joined with what is said later', () => {
  const tracker = new StabilityTracker<string>({ others: ['b'] });
  run(tracker, heard('b', { a: 1, b: 1 }), heard('b', { b: 1 }));
  expect(run(tracker, advanced('one', { a: 1, b: 1 }))).toEqual(['one']);
});

test('a silent replica stops collection until it is taken out; who is not a replica has no say', () => {
  const tracker = new StabilityTracker<string>({ others: ['b', 'c'] });
  expect(run(tracker, advanced('one', { a: 1 }), heard('b', { a: 1 }), heard('x', { a: 1 }))).toEqual([]);
  expect(run(tracker, { kind: 'replicas', others: ['b'] })).toEqual(['one']);
});

test('a replica that joins has to say so too', () => {
  const tracker = new StabilityTracker<string>({ others: [] });
  expect(run(tracker, advanced('one', { a: 1 }))).toEqual(['one']);
  expect(run(tracker, { kind: 'replicas', others: ['b'] }, advanced('two', { a: 2 }))).toEqual([]);
});

test('what a replica said long ago and comes late takes nothing back', () => {
  const tracker = new StabilityTracker<string>({ others: ['b', 'c'] });
  expect(run(tracker, advanced('one', { a: 3 }), heard('b', { a: 3 }), heard('b', { a: 1 }))).toEqual([]);
  expect(run(tracker, heard('c', { a: 3 }))).toEqual(['one']);
});

test('states become stable in the order in which they were reached', () => {
  const tracker = new StabilityTracker<string>({ others: ['b'] });
  run(tracker, advanced('one', { a: 1 }), advanced('two', { a: 2 }));
  expect(run(tracker, heard('b', { a: 1 }), heard('b', { a: 2 }))).toEqual(['one', 'two']);
});

test('past the bound every second snapshot is dropped, never the oldest or the latest: who lags far behind still gets somewhere', () => {
  const kept = (snapshotsMax: number, count: number): string[] => {
    const tracker = new StabilityTracker<string>({ others: ['b'], snapshotsMax });
    for (let n = 1; n <= count; n++) run(tracker, advanced(`s${n}`, { a: n }));
    return Array.from({ length: count }, (_, n) => run(tracker, heard('b', { a: n + 1 }))).flat();
  };
  expect(kept(2, 2)).toEqual(['s1', 's2']);
  expect(kept(2, 9)).toEqual(['s1', 's9']);
  expect(kept(5, 5)).toEqual(['s1', 's2', 's3', 's4', 's5']);
  expect(kept(5, 6)).toEqual(['s1', 's3', 's5', 's6']);
  expect(kept(5, 8)).toEqual(['s1', 's5', 's7', 's8']);
  expect(kept(8, 9)).toEqual(['s1', 's3', 's5', 's7', 's9']);
});

test('as many as 64 snapshots are kept if nobody says how many', () => {
  const tracker = new StabilityTracker<string>({ others: ['b'] });
  for (let n = 1; n <= 64; n++) run(tracker, advanced(`s${n}`, { a: n }));
  expect(tracker.size).toBe(64);
  run(tracker, advanced('s65', { a: 65 }));
  expect(tracker.size).toBe(33);
});

test('snapshots are bounded, and the latest is among those kept', () => {
  const tracker = new StabilityTracker<string>({ others: ['b'], snapshotsMax: 4 });
  for (let n = 1; n <= 100; n++) {
    run(tracker, advanced(`s${n}`, { a: n }));
    expect(tracker.size).toBeLessThanOrEqual(4);
  }
  expect(run(tracker, heard('b', { a: 100 }))).toEqual(['s100']);
  expect(() => new StabilityTracker<string>({ others: [], snapshotsMax: 1 })).toThrow(/snapshotsMax/);
});
