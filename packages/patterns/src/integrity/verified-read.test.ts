import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import {
  CRC32C,
  SHA256,
  seal,
  unseal,
  VerifiedRead,
  type VerifiedReadEffect,
  type VerifiedReadInput,
} from './index.ts';

const good = seal(CRC32C, new TextEncoder().encode('truth'));
const bad = Uint8Array.from(good, (byte, i) => (i === 2 ? byte ^ 4 : byte));
const options = {
  sources: ['a', 'b', 'c'],
  timeoutMs: 100,
  verify: (bytes: Uint8Array) => unseal(CRC32C, bytes) !== undefined,
};
const show = (e: VerifiedReadEffect<string>) =>
  e.kind === 'failed'
    ? `failed: ${e.damaged} damaged, ${e.absent} absent, ${e.silent} silent`
    : e.kind === 'repair'
      ? `repair ${e.source} (${e.found === undefined ? 'absent' : 'damaged'})`
      : `${e.kind} ${e.source}`;
const reader = (read = new VerifiedRead(options)) => ({
  read,
  step: (ms: number, input: VerifiedReadInput<string>) => {
    const out: VerifiedReadEffect<string>[] = [];
    read.step(input, Instant.of(ms), out);
    return out.map(show);
  },
  copy: (ms: number, source: string, bytes: Uint8Array | undefined) => {
    const out: VerifiedReadEffect<string>[] = [];
    read.step({ kind: 'copy', source, bytes }, Instant.of(ms), out);
    return out.map(show);
  },
});
const start = { kind: 'start' } as const;
const tick = { kind: 'tick' } as const;

describe('a verified read', () => {
  test('asks one source, and believes a copy that verifies', () => {
    const { step, copy, read } = reader();
    expect(step(0, start)).toEqual(['read a']);
    expect(read.deadline).toBe(100);
    expect(copy(5, 'a', good)).toEqual(['done a']);
    expect(read.deadline).toBeUndefined();
    expect(step(100, tick)).toEqual([]);
  });
  test('falls back to the next source at once when a copy is damaged, absent or unreadable, and repairs the first two', () => {
    const { step, copy } = reader();
    step(0, start);
    expect(copy(1, 'a', bad)).toEqual(['read b']);
    expect(copy(2, 'b', undefined)).toEqual(['read c']);
    expect(copy(3, 'c', good)).toEqual(['done c', 'repair a (damaged)', 'repair b (absent)']);
    const other = reader();
    other.step(0, start);
    expect(other.step(1, { kind: 'error', source: 'a' })).toEqual(['read b']);
    expect(other.copy(2, 'b', good)).toEqual(['done b']);
  });
  test('asks the next source when one is silent, and still takes its copy when that comes first', () => {
    const { step, copy } = reader();
    step(0, start);
    expect(step(99, tick)).toEqual([]);
    expect(step(100, tick)).toEqual(['read b']);
    expect(copy(120, 'a', good)).toEqual(['done a']);
    expect(copy(130, 'b', bad)).toEqual(['repair b (damaged)']);
    expect(copy(140, 'b', good)).toEqual([]);
  });
  test('an earlier source’s late bad copy does not hurry the one asked now', () => {
    const { step, copy } = reader();
    step(0, start);
    step(100, tick);
    expect(copy(110, 'a', bad)).toEqual([]);
    expect(step(150, { kind: 'error', source: 'a' })).toEqual([]);
    expect(copy(160, 'b', good)).toEqual(['done b', 'repair a (damaged)']);
  });
  test('fails when no copy is good, as soon as all have answered', () => {
    const { step, copy } = reader();
    step(0, start);
    copy(1, 'a', bad);
    copy(2, 'b', undefined);
    expect(copy(3, 'c', bad)).toEqual(['failed: 2 damaged, 1 absent, 0 silent']);
    expect(copy(4, 'c', good)).toEqual([]);
  });
  test('fails when the last one’s time is up, and counts who was silent', () => {
    const { step, copy, read } = reader();
    step(0, start);
    step(100, tick);
    step(200, tick);
    expect(copy(210, 'c', bad)).toEqual([]);
    expect(read.deadline).toBe(300);
    expect(step(300, tick)).toEqual(['failed: 1 damaged, 0 absent, 2 silent']);
  });
  test('refuses to start twice, and options without meaning', () => {
    const { step } = reader();
    step(0, start);
    expect(() => step(1, start)).toThrow('starts once');
    expect(() => new VerifiedRead({ ...options, sources: [] })).toThrow('at least one source');
    expect(() => new VerifiedRead({ ...options, sources: ['a', 'a'] })).toThrow('distinct');
    expect(() => new VerifiedRead({ ...options, timeoutMs: 0 })).toThrow('timeoutMs must be positive, not 0');
  });
});

test('ends once, with a good copy if anybody has one and answers in time, and repairs nobody whose copy is good', () => {
  const answer = fc.record({
    at: fc.constantFrom(0, 50, 99, 150),
    what: fc.constantFrom(good, bad, undefined, 'error' as const),
  });
  fc.assert(
    fc.property(fc.array(answer, { minLength: 3, maxLength: 3 }), (answers) => {
      const read = new VerifiedRead({ ...options, sources: [0, 1, 2] });
      const due: { at: number; source: number }[] = [];
      const all: VerifiedReadEffect<number>[] = [];
      const run = (now: number, input: VerifiedReadInput<number>) => {
        const out: VerifiedReadEffect<number>[] = [];
        read.step(input, Instant.of(now), out);
        for (const e of out) if (e.kind === 'read') due.push({ at: now + answers[e.source]!.at, source: e.source });
        all.push(...out);
      };
      run(0, { kind: 'start' });
      for (let now = 0; now <= 600; now++) {
        for (let i = due.findIndex((d) => d.at <= now); i >= 0; i = due.findIndex((d) => d.at <= now)) {
          const { source } = due.splice(i, 1)[0]!;
          const { what } = answers[source]!;
          run(now, what === 'error' ? { kind: 'error', source } : { kind: 'copy', source, bytes: what });
        }
        run(now, tick);
      }
      const ends = all.filter((e) => e.kind === 'done' || e.kind === 'failed');
      expect(ends.length).toBe(1);
      if (answers.some((a) => a.what === good && a.at < 100)) expect(ends[0]!.kind).toBe('done');
      for (const e of all) if (e.kind === 'repair') expect(answers[e.source]!.what).not.toBe(good);
      for (const e of all) if (e.kind === 'repair') expect(e.bytes).toBe(good);
    }),
  );
});

test('what was sealed is unsealed; what was changed, cut or lengthened is not', () => {
  const text = new TextEncoder().encode('truth');
  for (const digest of [CRC32C, SHA256]) {
    const sealed = seal(digest, text);
    expect(unseal(digest, sealed)).toEqual(text);
    expect(unseal(digest, seal(digest, new Uint8Array(0)))).toEqual(new Uint8Array(0));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = sealed.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(unseal(digest, changed)).toBeUndefined();
    }
    for (let length = 0; length < sealed.length; length++)
      expect(unseal(digest, sealed.subarray(0, length))).toBeUndefined();
    expect(unseal(digest, Uint8Array.of(...sealed, 0))).toBeUndefined();
  }
});
