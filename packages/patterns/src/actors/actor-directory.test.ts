import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import {
  ActorDirectory,
  type ActorDirectoryOptions,
  type DirectoryEffect,
  type DirectoryInput,
  type DirectorySnapshot,
  FenceTable,
  placeByHash,
  placeEvenly,
} from './index.ts';

class Bench {
  readonly directory: ActorDirectory;

  constructor(options: Partial<ActorDirectoryOptions> = {}, now = 0, snapshot?: DirectorySnapshot) {
    const all = { partitions: 6, leaseMs: 100, placement: placeEvenly, ...options };
    this.directory = new ActorDirectory(all, Instant.of(now), snapshot);
  }

  step(now: number, input: DirectoryInput): DirectoryEffect[] {
    const out: DirectoryEffect[] = [];
    this.directory.step(input, Instant.of(now), out);
    return out;
  }

  join(now: number, ...ids: string[]): DirectoryEffect[] {
    return ids.flatMap((id) => this.step(now, { kind: 'join', host: { id } }));
  }

  /** Releases all that is to be released, until nothing is. */
  settle(now: number, effects: DirectoryEffect[]): DirectoryEffect[] {
    const all: DirectoryEffect[] = [];
    for (let open = effects; open.length > 0; ) {
      all.push(...open);
      open = open.flatMap((effect) =>
        effect.kind === 'revoke' ? this.step(now, { ...effect, kind: 'released' }) : [],
      );
    }
    return all;
  }

  get owners(): (string | undefined)[] {
    return Array.from({ length: 6 }, (_, partition) => this.directory.ownerOf(partition)?.host);
  }
}

const kinds = (effects: DirectoryEffect[]): string[] => effects.map(({ kind, host }) => `${kind} ${host}`);

describe('a directory of partitions', () => {
  test('gives everything to the first host, and to the second its share, one after the other has been released', () => {
    const bench = new Bench({ movesMax: 2 });
    expect(kinds(bench.join(0, 'a'))).toEqual(Array(6).fill('grant a'));
    const revoked = bench.join(0, 'b');
    expect(kinds(revoked)).toEqual(['revoke a', 'revoke a']);
    expect(bench.owners).toEqual(Array(6).fill('a'));
    const moved = bench.settle(0, revoked);
    expect(kinds(moved).filter((one) => one === 'grant b')).toHaveLength(3);
    expect([bench.owners.filter((owner) => owner === 'b').length, bench.directory.misplaced]).toEqual([3, 0]);
  });
  test('one at a time, if so few may move at once', () => {
    const bench = new Bench({ movesMax: 1 });
    bench.join(0, 'a');
    const revoked = bench.join(0, 'b');
    expect(kinds(revoked)).toEqual(['revoke a']);
    expect([kinds(bench.settle(0, revoked)).length, bench.directory.misplaced]).toEqual([6, 0]);
  });
  test('no generation is used twice, and each grant has the highest', () => {
    const bench = new Bench();
    const effects = [
      ...bench.join(0, 'a'),
      ...bench.settle(0, bench.join(0, 'b', 'c')),
      ...bench.step(200, { kind: 'tick' }),
    ];
    effects.push(...bench.join(200, 'd'));
    const generations = effects.flatMap((effect) => (effect.kind === 'grant' ? [effect.generation] : []));
    expect(generations).toEqual(generations.map((_, i) => i + 1));
  });
  test('gives nothing of a silent host away before its lease is over, and everything then', () => {
    const bench = new Bench();
    bench.settle(0, bench.join(0, 'a', 'b'));
    bench.step(60, { kind: 'renew', host: 'b', id: 1 });
    expect([bench.directory.deadline, bench.step(99, { kind: 'tick' })]).toEqual([100, []]);
    expect(kinds(bench.step(100, { kind: 'tick' }))).toEqual(['expired a', 'grant b', 'grant b', 'grant b']);
    expect(bench.step(101, { kind: 'renew', host: 'a', id: 2 })).toEqual([{ kind: 'unknown-host', host: 'a' }]);
  });
  test('a renewal that comes too late is too late, also when no tick came before it', () => {
    const bench = new Bench();
    bench.join(0, 'a');
    expect(kinds(bench.step(100, { kind: 'renew', host: 'a', id: 1 }))).toEqual(['expired a', 'unknown-host a']);
  });
  test('repeats with each renewal what has not been confirmed, and nothing else', () => {
    const bench = new Bench({ partitions: 2 });
    const [first, second] = bench.join(0, 'a') as [DirectoryEffect & { kind: 'grant' }, DirectoryEffect];
    bench.step(1, { ...first, kind: 'confirmed' });
    expect(bench.step(2, { kind: 'renew', host: 'a', id: 7 })).toEqual([{ kind: 'renewed', host: 'a', id: 7 }, second]);
    const [revoke] = bench.join(3, 'b');
    expect(bench.step(4, { kind: 'renew', host: 'a', id: 8 })).toContainEqual(revoke);
  });
  test('news of an earlier generation changes nothing', () => {
    const bench = new Bench();
    const [grant] = bench.join(0, 'a') as [DirectoryEffect & { kind: 'grant' }];
    expect(bench.step(0, { ...grant, kind: 'released', generation: 99 })).toEqual([]);
    expect(kinds(bench.step(0, { ...grant, kind: 'released' }))).toEqual(['grant a']);
    expect(bench.step(0, { ...grant, kind: 'released' })).toEqual([]);
    expect(bench.directory.ownerOf(grant.partition)).toEqual({ host: 'a', generation: 7 });
  });
  test('a host that leaves hands everything over, and is told when it may go', () => {
    const bench = new Bench();
    bench.settle(0, bench.join(0, 'a', 'b'));
    const effects = bench.settle(1, bench.step(1, { kind: 'leave', host: 'a' }));
    expect(kinds(effects).filter((one) => one.startsWith('revoke'))).toEqual(Array(3).fill('revoke a'));
    expect(kinds(effects).at(-1)).toBe('left a');
    expect(bench.owners).toEqual(Array(6).fill('b'));
    const last = bench.settle(2, bench.step(2, { kind: 'leave', host: 'b' }));
    expect([kinds(last).at(-1), bench.owners[0]]).toEqual(['left b', undefined]);
    expect(bench.step(3, { kind: 'leave', host: 'b' })).toEqual([{ kind: 'unknown-host', host: 'b' }]);
  });
  test('restored, it goes on from what was kept, and gives every host its whole lease again', () => {
    const first = new Bench();
    first.settle(0, first.join(0, 'a', 'b'));
    first.step(10, { kind: 'leave', host: 'b' });
    const second = new Bench({}, 1_000, JSON.parse(JSON.stringify(first.directory.snapshot)));
    expect([second.owners, second.directory.deadline]).toEqual([first.owners, 1_100]);
    // The moves that were under way begin anew.
    expect(kinds(second.step(1_000, { kind: 'tick' }))).toEqual(Array(3).fill('revoke b'));
    expect(kinds(second.step(1_050, { kind: 'renew', host: 'a', id: 1 })).slice(0, 2)).toEqual([
      'renewed a',
      'grant a',
    ]);
    const granted = second.step(1_100, { kind: 'tick' });
    expect(granted.find(({ kind }) => kind === 'grant')).toMatchObject({
      generation: first.directory.snapshot.generation + 1,
    });
  });
  test('bounds and wrong use are named', () => {
    const bench = new Bench({ hostsMax: 1 });
    bench.join(0, 'a');
    expect(bench.join(0, 'b')).toEqual([{ kind: 'refused', host: 'b' }]);
    expect(bench.join(0, 'a')).toEqual([]);
    for (const wrong of [{ partitions: 0 }, { leaseMs: 0 }, { movesMax: 0 }, { hostsMax: 0 }])
      expect(() => new Bench(wrong)).toThrow(Object.keys(wrong)[0]);
    expect(() => new Bench({ partitions: 5 }, 0, bench.directory.snapshot)).toThrow(/never changes/);
  });
});

describe('placements of partitions', () => {
  const nodes = ['a', 'b', 'c'].map((id) => ({ id }));
  const nowhere = Array<undefined>(300).fill(undefined);
  const movedBy = (place: typeof placeEvenly): { counts: number[]; moved: number; needless: number } => {
    const before = place(nowhere, nodes);
    const after = place(before, [...nodes, { id: 'd' }]);
    const moved = after.filter((owner, partition) => owner !== before[partition]);
    return {
      counts: ['a', 'b', 'c', 'd'].map((id) => after.filter((owner) => owner === id).length),
      moved: moved.length,
      needless: moved.filter((owner) => owner !== 'd').length,
    };
  };
  test('evenly: to within one, and a new host takes its share and nothing else moves', () => {
    expect(movedBy(placeEvenly)).toEqual({ counts: [75, 75, 75, 75], moved: 75, needless: 0 });
  });
  test('by hash: as even as chance, and nothing moves but to the new host', () => {
    const { counts, moved, needless } = movedBy(placeByHash());
    expect([needless, moved]).toEqual([0, counts[3]]);
    for (const count of counts) expect(Math.abs(count - 75)).toBeLessThan(30);
  });
});

describe('a table of fences', () => {
  test('admits what does not come before what was admitted: by generation, then by activation', () => {
    const fences = new FenceTable<string>({ keysMax: 2 });
    const admit = (generation: number, activation?: number) =>
      fences.admit('x', activation === undefined ? { generation } : { generation, activation });
    expect([admit(2, 5), admit(2, 5), admit(2, 4), admit(1, 9), admit(2), admit(3, 1), admit(2, 9)]).toEqual([
      true,
      true,
      false,
      false,
      false,
      true,
      false,
    ]);
    expect([fences.highest('x'), fences.highest('y')]).toEqual([{ generation: 3, activation: 1 }, undefined]);
  });
  test('keeps keys apart, and is bounded', () => {
    const fences = new FenceTable<number>({ keysMax: 2 });
    expect([fences.admit(1, { generation: 9 }), fences.admit(2, { generation: 1 })]).toEqual([true, true]);
    expect(() => fences.admit(3, { generation: 1 })).toThrow(/at most 2/);
    expect(() => new FenceTable({ keysMax: 0 })).toThrow(/keysMax/);
  });
});
