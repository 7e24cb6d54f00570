import { describe, expect, test } from 'vitest';
import { Directory, type DirectoryChange } from './index.ts';

const versionOf = (change: DirectoryChange): number => {
  if (change.kind !== 'done') throw new Error(`expected a change to be done, got ${change.kind}`);
  return change.entry.version;
};

describe('a directory', () => {
  test('serves a key from its old home until the move is committed', () => {
    const directory = new Directory({ keysMax: 10 });
    const added = versionOf(directory.add('tenant', 'a'));
    const moving = versionOf(directory.beginMove('tenant', 'b', added));
    expect(directory.lookup('tenant')).toEqual({ home: 'a', movingTo: 'b', version: moving });
    expect(directory.servedBy('a')).toEqual(['tenant']);
    const moved = versionOf(directory.commitMove('tenant', moving));
    expect(directory.lookup('tenant')).toEqual({ home: 'b', movingTo: undefined, version: moved });
    expect([directory.servedBy('a'), directory.servedBy('b')]).toEqual([[], ['tenant']]);
  });

  test('lets the second of two movers know', () => {
    const directory = new Directory({ keysMax: 10 });
    const added = versionOf(directory.add('tenant', 'a'));
    const moving = versionOf(directory.beginMove('tenant', 'b', added));
    expect(directory.beginMove('tenant', 'c', added).kind).toBe('conflict');
    expect(directory.beginMove('tenant', 'c', moving).kind).toBe('conflict');
    expect(directory.commitMove('tenant', added).kind).toBe('conflict');
  });

  test('an aborted move cannot be committed any more', () => {
    const directory = new Directory({ keysMax: 10 });
    const moving = versionOf(directory.beginMove('tenant', 'b', versionOf(directory.add('tenant', 'a'))));
    const aborted = versionOf(directory.abortMove('tenant', moving));
    expect(directory.commitMove('tenant', moving).kind).toBe('conflict');
    expect(directory.commitMove('tenant', aborted).kind).toBe('conflict');
    expect(directory.abortMove('tenant', aborted).kind).toBe('conflict');
    expect(directory.lookup('tenant')).toMatchObject({ home: 'a', movingTo: undefined });
  });

  test('never uses a version twice, also not for a key that was removed', () => {
    const directory = new Directory({ keysMax: 10 });
    const first = versionOf(directory.add('tenant', 'a'));
    expect(directory.remove('tenant', first + 1).kind).toBe('conflict');
    expect(directory.remove('tenant', first)).toMatchObject({ kind: 'done', entry: { home: 'a' } });
    expect(directory.lookup('tenant')).toBeUndefined();
    const second = versionOf(directory.add('tenant', 'b'));
    expect(second).toBeGreaterThan(first);
    expect(directory.beginMove('tenant', 'c', first)).toEqual({
      kind: 'conflict',
      entry: { home: 'b', movingTo: undefined, version: second },
    });
    expect(directory.beginMove('nobody', 'c', first)).toEqual({ kind: 'conflict', entry: undefined });
  });

  test('is bounded', () => {
    const directory = new Directory({ keysMax: 1 });
    directory.add('one', 'a');
    expect(directory.add('two', 'a')).toEqual({ kind: 'full' });
    expect(directory.add('one', 'b').kind).toBe('conflict');
    expect([directory.size, [...directory.entries()].map(([key]) => key)]).toEqual([1, ['one']]);
    expect(() => new Directory({ keysMax: 0 })).toThrow(/keysMax/);
  });
});
