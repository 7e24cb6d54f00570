import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { SupervisionTree, type TreeEffect, type TreeInput, type TreeSpec } from './index.ts';

const branch = (id: string, children: TreeSpec[], more: Partial<TreeSpec['supervises']> = {}): TreeSpec => ({
  id,
  supervises: { strategy: 'one-for-one', children, ...more },
});
const leaves = (ids: string): TreeSpec[] => [...ids].map((id) => ({ id }));

/** A tree whose leaves start and stop at once, and fail when told to. */
class Forest {
  readonly tree: SupervisionTree;
  readonly alive = new Map<string, number>();
  readonly said: string[] = [];
  now = 0;

  constructor(root: TreeSpec) {
    this.tree = new SupervisionTree(root);
  }

  step(input: TreeInput): void {
    const out: TreeEffect[] = [];
    this.tree.step(input, Instant.of(this.now), out);
    for (const effect of out) {
      if (!('path' in effect)) {
        this.said.push(effect.kind === 'down' ? `down ${effect.reason}` : effect.kind);
        continue;
      }
      const { kind, path } = effect;
      this.said.push(`${kind} ${path.slice(path.indexOf('/') + 1)}`);
      if (effect.kind === 'start') {
        expect(this.alive.has(path)).toBe(false);
        this.alive.set(path, effect.generation);
        this.step({ kind: 'started', path, generation: effect.generation });
      } else if (effect.kind === 'stop') this.#exit(path, 'shutdown');
    }
  }

  #exit(path: string, how: 'shutdown' | 'error'): void {
    const generation = this.alive.get(path)!;
    this.alive.delete(path);
    this.step({ kind: 'exited', path, generation, how });
  }

  /** What is said from now on. */
  after(act: () => void): string[] {
    this.said.length = 0;
    act();
    return [...this.said];
  }

  fail(path: string): string[] {
    return this.after(() => this.#exit(path, 'error'));
  }
}

describe('a tree of supervisors', () => {
  const spec = branch('r', [branch('a', leaves('xy')), { id: 'm' }, branch('b', leaves('z'))]);
  test('starts depth first, in order, and stops in exactly the opposite order', () => {
    const forest = new Forest(spec);
    const started = forest.after(() => forest.step({ kind: 'start' }));
    expect(started).toEqual(['start a/x', 'start a/y', 'start m', 'start b/z', 'up']);
    const stopped = forest.after(() => forest.step({ kind: 'stop' }));
    expect(stopped).toEqual(['stop b/z', 'stop m', 'stop a/y', 'stop a/x', 'down stopped']);
  });
  test('deals with a failure as near to the leaves as it can', () => {
    const forest = new Forest(spec);
    forest.step({ kind: 'start' });
    expect(forest.fail('r/a/y')).toEqual(['start a/y']);
  });
  test('hands it up when restarts are too many: the branch ends and is grown anew, with fresh counts', () => {
    const forest = new Forest(spec);
    forest.step({ kind: 'start' });
    forest.fail('r/a/y');
    expect(forest.fail('r/a/y')).toEqual(['stop a/x', 'start a/x', 'start a/y']);
    expect(forest.fail('r/a/y')).toEqual(['start a/y']);
    // The second time the root has had enough as well.
    expect(forest.fail('r/a/y')).toEqual(['stop a/x', 'stop b/z', 'stop m', 'down too-many-restarts']);
    expect(forest.alive.size).toBe(0);
  });
  test('a failed branch takes others with it as its supervisor’s strategy says', () => {
    const children = [branch('a', leaves('x')), branch('b', leaves('y')), branch('c', leaves('z'))];
    const forest = new Forest(branch('r', children, { strategy: 'rest-for-one' }));
    forest.step({ kind: 'start' });
    forest.fail('r/b/y');
    expect(forest.fail('r/b/y')).toEqual(['stop c/z', 'start b/y', 'start c/z']);
  });
  test('news of a leaf of an earlier run of its supervisor is ignored, however often branches were grown', () => {
    const forest = new Forest(
      branch('r', [branch('a', [branch('b', leaves('x'))])], { intensity: { restartsMax: 9 } }),
    );
    forest.step({ kind: 'start' });
    const generations = new Set<number>();
    for (let i = 0; i < 12; i++) {
      const old = forest.alive.get('r/a/b/x')!;
      expect(generations.has(old)).toBe(false);
      generations.add(old);
      forest.fail('r/a/b/x');
      const late = forest.after(() => forest.step({ kind: 'exited', path: 'r/a/b/x', generation: old, how: 'error' }));
      expect(late).toEqual([]);
    }
  });
  test('that is so also when every run begins with the same generations', () => {
    const failing = branch('a', leaves('x'), { intensity: { restartsMax: 0 } });
    const forest = new Forest(branch('r', [failing], { intensity: { restartsMax: 3 } }));
    forest.step({ kind: 'start' });
    const old = forest.alive.get('r/a/x')!;
    expect(forest.fail('r/a/x')).toEqual(['start a/x']);
    const late = forest.after(() => forest.step({ kind: 'exited', path: 'r/a/x', generation: old, how: 'error' }));
    expect(late).toEqual([]);
  });
  test('a branch that gives up has failed, and a temporary one is forgotten with its leaves', () => {
    const once = { ...branch('a', leaves('xy'), { intensity: { restartsMax: 0 } }), restart: 'temporary' as const };
    const forest = new Forest(branch('r', [once, { id: 'm', restart: 'transient' }]));
    forest.step({ kind: 'start' });
    expect(forest.fail('r/a/y')).toEqual(['stop a/x', 'ended a']);
    const leaf = forest.after(() => {
      const generation = forest.alive.get('r/m')!;
      forest.alive.delete('r/m');
      forest.step({ kind: 'exited', path: 'r/m', generation, how: 'normal' });
    });
    expect([leaf, forest.after(() => forest.step({ kind: 'stop' }))]).toEqual([['ended m'], ['down stopped']]);
  });
  test('a branch that cannot be started is one that its supervisor could not start', () => {
    const tree = new SupervisionTree(branch('r', [{ id: 'm' }, branch('a', leaves('x'))]));
    const step = (input: TreeInput): TreeEffect[] => {
      const out: TreeEffect[] = [];
      tree.step(input, Instant.of(0), out);
      return out;
    };
    const [first] = step({ kind: 'start' }) as (TreeEffect & { path: string; generation: number })[];
    const [second] = step({ ...first!, kind: 'started' }) as (TreeEffect & { path: string; generation: number })[];
    expect(step({ ...second!, kind: 'start-failed' })).toEqual([{ ...first, kind: 'stop' }]);
    expect(step({ ...first!, kind: 'exited', how: 'shutdown' })).toEqual([{ kind: 'down', reason: 'start-failed' }]);
  });
  test('has the earliest deadline of its supervisors, and ticks those that are due', () => {
    const leaf: TreeSpec = { id: 'x', stop: { kind: 'ask', timeoutMs: 30 } };
    const tree = new SupervisionTree(branch('r', [branch('a', [leaf])]));
    const step = (now: number, input: TreeInput): TreeEffect[] => {
      const out: TreeEffect[] = [];
      tree.step(input, Instant.of(now), out);
      return out;
    };
    const [start] = step(0, { kind: 'start' }) as (TreeEffect & { path: string; generation: number })[];
    step(0, { ...start!, kind: 'started' });
    step(5, { kind: 'stop' });
    expect([tree.deadline, step(34, { kind: 'tick' }), step(35, { kind: 'tick' })]).toEqual([
      35,
      [],
      [{ ...start, kind: 'kill' }],
    ]);
    expect(step(36, { ...start!, kind: 'exited', how: 'shutdown' })).toEqual([{ kind: 'down', reason: 'stopped' }]);
    expect(tree.deadline).toBeUndefined();
  });
  test('a back-off draws from the random numbers of the tree; what has not begun cannot be stopped', () => {
    const spec = branch('r', leaves('x'), { backoff: { baseMs: 100 } });
    const tree = new SupervisionTree(spec, () => 0.25);
    const step = (input: TreeInput): TreeEffect[] => {
      const out: TreeEffect[] = [];
      tree.step(input, Instant.of(0), out);
      return out;
    };
    expect(step({ kind: 'stop' })).toEqual([]);
    const [start] = step({ kind: 'start' }) as (TreeEffect & { path: string; generation: number })[];
    step({ ...start!, kind: 'started' });
    step({ ...start!, kind: 'exited', how: 'error' });
    expect(tree.deadline).toBe(25);
  });
  test('wrong trees are named', () => {
    expect(() => new SupervisionTree({ id: 'leaf' })).toThrow(/must be a supervisor/);
    expect(() => new SupervisionTree(branch('r', [{ id: 'a/b' }]))).toThrow(/slash/);
    const forest = new Forest(branch('r', leaves('x')));
    forest.step({ kind: 'start' });
    expect(() => forest.step({ kind: 'start' })).toThrow(/once/);
  });
});
