import { describe, expect, test } from 'vitest';
import type { CoreError } from '../errors.ts';
import { Bench, del } from './machine.fixture.ts';
import { CHUNK_BYTES_MAX } from './snapshot-format.ts';

const filled = (): Bench => {
  const bench = new Bench();
  bench.do({ kind: 'lease-grant', id: 5, ttlSeconds: 60 });
  for (let i = 0; i < 400; i++) bench.put(`key${i % 300}`, `${i}`.repeat(300), i % 7 === 0 ? { lease: 5 } : {});
  bench.put('large', 'x'.repeat(1_000_000));
  bench.do(del('key5', 'key6'));
  bench.do({ kind: 'compact', revision: 350 });
  bench.do({ kind: 'member-put', member: { id: 1, name: 'n1', peerAddress: 'h:1', clientUrls: ['http://h:2'] } });
  bench.do({ kind: 'session-open' });
  return bench;
};

const alarm = (action: 'activate' | 'deactivate') =>
  ({ kind: 'alarm', action, alarm: 'no-space', memberId: 1 }) as const;

const joined = (chunks: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
};

/** `toEqual` takes seconds for a megabyte. */
const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

const cut = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));

const refusal = async (chunks: readonly Uint8Array[]): Promise<string> => {
  const bench = new Bench();
  bench.put('mine', 'stays');
  const error = await bench.restore(chunks).then(
    () => undefined,
    (e: CoreError) => e,
  );
  expect(bench.content()).toEqual(['mine=stays@2']);
  return error === undefined ? 'accepted' : `${error.code} ${error.message}`;
};

describe('a snapshot', () => {
  test('comes in chunks of at most 256 KiB, and can be taken over however it is cut', async () => {
    const bench = filled();
    bench.do(alarm('activate'));
    const chunks = await bench.snapshot();
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(CHUNK_BYTES_MAX);
    const bytes = joined(chunks);
    for (const size of [977, 65_536, bytes.length]) {
      const other = new Bench();
      await other.restore(cut(bytes, size));
      expect(other.content()).toEqual(bench.content());
      expect(other.machine.alarms).toEqual(bench.machine.alarms);
      expect(other.machine.members).toEqual(bench.machine.members);
      expect(other.machine.lease(5)!.keys.size).toBe(bench.machine.lease(5)!.keys.size);
      expect(same(joined(await other.snapshot()), bytes)).toBe(true);
    }
  });

  test('comes with pauses, as empty chunks, where there is much to look at and little to write', async () => {
    const bench = filled();
    for (let i = 0; i < 10_000; i++) bench.put('key7', 'again');
    const chunks = await bench.snapshot();
    const pauses = chunks.filter((chunk) => chunk.length === 0).length;
    expect(pauses).toBeGreaterThanOrEqual(2);
    const other = new Bench();
    await other.restore(chunks);
    expect(other.content()).toEqual(bench.content());
    expect(other.hash()).toBe(bench.hash());
  });

  test('is of the moment at which it was asked for, whatever happens while it is read', async () => {
    const bench = filled();
    bench.do(alarm('activate'));
    const before = joined(await bench.snapshot());
    const asked = bench.machine.snapshot();
    bench.do(alarm('deactivate'));
    const chunks: Uint8Array[] = [];
    for await (const chunk of asked) {
      chunks.push(chunk.slice());
      for (let i = 0; i < 20; i++) bench.put(`key${i * 10}`, 'later');
      bench.do(del('key1', 'key2'));
      bench.do({ kind: 'compact', revision: bench.machine.revision });
      bench.do({ kind: 'session-open' });
      bench.do({ kind: 'lease-grant', id: 0, ttlSeconds: 60 });
      bench.flush();
    }
    expect(same(joined(chunks), before)).toBe(true);
  });

  test('lets what was compacted meanwhile be freed when it has been read, or given up, before its first chunk too', async () => {
    for (const read of [0, 1, 1000]) {
      const bench = filled();
      bench.flush();
      const iterator = bench.machine.snapshot()[Symbol.asyncIterator]();
      for (let i = 0; i < read; i++) await iterator.next();
      for (let i = 0; i < 50; i++) bench.put('key1', 'y'.repeat(20_000));
      bench.do({ kind: 'compact', revision: bench.machine.revision });
      if (read < 1000) {
        bench.flush();
        expect(bench.machine.valueBytes).toBeGreaterThan(2_000_000);
        await iterator.return?.();
      }
      bench.flush();
      expect(bench.machine.valueBytes).toBeLessThan(2_000_000);
    }
  });

  test('that is cut off, damaged or of another format is refused, and the state stays as it was', async () => {
    const bytes = joined(await filled().snapshot());
    expect(await refusal([])).toMatch(/^corrupt .*cut off/);
    expect(await refusal([bytes.subarray(0, bytes.length - 1)])).toMatch(/^corrupt .*cut off/);
    expect(await refusal([bytes, new Uint8Array([1])])).toMatch(/^corrupt .*cut off/);
    const other = bytes.slice();
    other[5] = 0;
    expect(await refusal([other])).toMatch(/^corrupt .*not a snapshot of the core/);
    const newer = bytes.slice();
    newer[9] = 2;
    expect(await refusal([newer])).toMatch(/^corrupt .*snapshot format 2, but this release reads 1/);
    expect(await refusal([bytes.subarray(0, 60_000), bytes.subarray(60_100)])).toMatch(/^corrupt /);
  });

  test('whose bytes are mangled is taken over or refused as corrupt, with nothing else thrown', async () => {
    const bytes = joined(await filled().snapshot());
    for (let i = 0; i < 100; i++) {
      const mangled = bytes.slice(0, 70_000);
      mangled[(i * i * 7919) % mangled.length] = i % 256;
      expect(await refusal([mangled])).toMatch(/^corrupt /);
    }
  });
});
