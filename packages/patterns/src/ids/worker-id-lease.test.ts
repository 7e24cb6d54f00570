import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant, WallTime } from '../base/index.ts';
import {
  Snowflake,
  type SnowflakeLayout,
  WorkerIdLease,
  type WorkerIdLeaseEffect,
  type WorkerIdLeaseInput,
} from './index.ts';

const options = { workers: 3, first: 1, ttlMs: 300, marginMs: 30, retryMs: 100, reserveMs: 600 };
const wall = WallTime.of;
const machine = (lease = new WorkerIdLease(options)) => ({
  lease,
  step: (ms: number, input: WorkerIdLeaseInput) => {
    const out: WorkerIdLeaseEffect[] = [];
    lease.step(input, Instant.of(ms), out);
    return out;
  },
  workerAt: (ms: number) => lease.grant(Instant.of(ms))?.worker,
});
/** The wall clock shows ten thousand more. */
const tick = (ms: number) => ({ kind: 'tick', wall: wall(10_000 + ms) }) as const;
const start = { kind: 'start', wall: wall(10_000) } as const;
const claimed = { kind: 'claimed', worker: 1, fencingToken: 7, notBefore: undefined } as const;

describe('a leased number', () => {
  test('is claimed, and used until the margin before the lease’s end, counted from when it was asked for', () => {
    const { lease, step, workerAt } = machine();
    expect(step(0, start)).toEqual([{ kind: 'claim', worker: 1, ttlMs: 300, reservedUntil: 10_600 }]);
    expect(workerAt(0)).toBeUndefined();
    step(50, { ...claimed, notBefore: wall(9_000) });
    expect(lease.grant(Instant.of(50))).toEqual({ worker: 1, fencingToken: 7, notBefore: 9_000, notAfter: 10_600 });
    expect([workerAt(269), workerAt(270)]).toEqual([1, undefined]);
  });
  test('is renewed after a third of the lease, which moves its end and what is reserved', () => {
    const { lease, step, workerAt } = machine();
    step(0, start);
    step(10, claimed);
    expect(lease.deadline).toBe(100);
    expect(step(99, tick(99))).toEqual([]);
    expect(step(100, tick(100))).toEqual([{ kind: 'renew', worker: 1, fencingToken: 7, reservedUntil: 10_700 }]);
    expect(step(101, tick(101))).toEqual([]);
    expect(step(140, { kind: 'renewed', fencingToken: 7 })).toEqual([]);
    expect([workerAt(369), workerAt(370)]).toEqual([1, undefined]);
    expect(lease.grant(Instant.of(200))?.notAfter).toBe(10_700);
    expect(lease.deadline).toBe(200);
  });
  test('is not used any longer when renewals fail, and another one is claimed', () => {
    const { lease, step, workerAt } = machine();
    step(0, start);
    step(0, claimed);
    step(100, tick(100));
    expect(step(150, { kind: 'error' })).toEqual([]);
    expect(lease.deadline).toBe(180);
    expect(step(180, tick(180))).toHaveLength(1);
    expect(workerAt(269)).toBe(1);
    expect(step(270, tick(270))).toEqual([
      { kind: 'lose', worker: 1 },
      { kind: 'claim', worker: 2, ttlMs: 300, reservedUntil: 10_870 },
    ]);
    // An answer to the renewal comes too late.
    step(280, { kind: 'renewed', fencingToken: 7 });
    expect(workerAt(280)).toBeUndefined();
  });
  test('is lost at once when the registry says so, but not for a token of the past', () => {
    const { lease, step, workerAt } = machine();
    step(0, start);
    step(0, claimed);
    expect(step(50, { kind: 'lost', fencingToken: 6 })).toEqual([]);
    expect([workerAt(50), lease.deadline]).toEqual([1, 100]);
    expect(step(50, { kind: 'lost', fencingToken: 7 })).toEqual([{ kind: 'lose', worker: 1 }]);
    expect(workerAt(50)).toBeUndefined();
  });
  test('that is taken leads to the next one, once around, and then to a pause', () => {
    const { lease, step } = machine();
    step(0, start);
    const taken = (ms: number, worker: number) => step(ms, { kind: 'taken', worker, wall: wall(10_000 + ms) });
    expect(taken(1, 1)).toMatchObject([{ kind: 'claim', worker: 2 }]);
    expect(taken(1, 1)).toEqual([]);
    expect(taken(2, 2)).toMatchObject([{ kind: 'claim', worker: 0 }]);
    expect(taken(3, 0)).toEqual([{ kind: 'exhausted' }]);
    expect(lease.deadline).toBe(103);
    expect(step(103, tick(103))).toMatchObject([{ kind: 'claim', worker: 1 }]);
  });
  test('that is granted too late, or after the end, is given back untouched', () => {
    const { step, workerAt } = machine();
    step(0, start);
    expect(step(270, { ...claimed, notBefore: wall(9_000) })).toEqual([
      { kind: 'release', worker: 1, fencingToken: 7, reservedUntil: 9_000 },
    ]);
    expect(workerAt(270)).toBeUndefined();
    const stopped = machine();
    stopped.step(0, start);
    stopped.step(1, { kind: 'stop', used: wall(0) });
    expect(stopped.step(2, claimed)).toMatchObject([{ kind: 'release', fencingToken: 7 }]);
  });
  test('is given back with what was used, or with what the last holder used when nothing was', () => {
    const { lease, step } = machine();
    step(0, start);
    step(0, { ...claimed, notBefore: wall(9_500) });
    expect(step(10, { kind: 'stop', used: wall(0) })).toEqual([
      { kind: 'release', worker: 1, fencingToken: 7, reservedUntil: 9_500 },
    ]);
    expect(lease.deadline).toBeUndefined();
    step(20, start);
    step(20, { ...claimed, notBefore: wall(9_500) });
    expect(step(30, { kind: 'stop', used: wall(10_030) })).toMatchObject([{ reservedUntil: 10_030 }]);
  });
  test('options without meaning are refused', () => {
    const make = (o: object) => () => new WorkerIdLease({ ...options, ...o });
    expect(make({ workers: 0 })).toThrow('workers must be');
    expect(make({ first: 3 })).toThrow('first must be from 0 to 2, not 3');
    expect(make({ ttlMs: 0 })).toThrow('ttlMs must be positive');
    expect(make({ marginMs: 150 })).toThrow('below half of ttlMs');
    expect(make({ retryMs: 0 })).toThrow('retryMs must be positive');
    expect(make({ reserveMs: 299 })).toThrow('reserveMs must be at least ttlMs');
  });
});

interface Held {
  token: number;
  expiresAt: number;
  reserved: number;
}

test('simulation: three processes, two numbers, slow and lost answers, wall clocks that jump: no two ids are the same', () => {
  const layout: SnowflakeLayout = {
    epochMs: 0,
    unitMs: 10,
    timeBits: 20,
    workerBits: 1,
    sequenceBits: 2,
    order: 'worker-sequence',
  };
  const event = fc.record({
    who: fc.nat(2),
    delay: fc.constantFrom(0, 5, 40, 400),
    lost: fc.constantFrom(false, false, false, true),
    jump: fc.constantFrom(0, 0, 0, -300, 300),
  });
  let made = 0;
  fc.assert(
    fc.property(fc.array(event, { minLength: 20, maxLength: 60 }), (events) => {
      const registry = new Map<number, Held>();
      const reserved = new Map<number, number>();
      let tokens = 0;
      const ids = new Set<string>();
      const deliveries: { at: number; run: () => void }[] = [];
      const processes = [0, 1, 2].map(() => ({
        lease: new WorkerIdLease({ workers: 2, first: 0, ttlMs: 100, retryMs: 20 }),
        offset: 5000,
        generator: undefined as Snowflake | undefined,
        token: -1,
      }));
      let now = 0;
      const ask = (effect: WorkerIdLeaseEffect, wallNow: WallTime): WorkerIdLeaseInput | undefined => {
        if (effect.kind === 'lose' || effect.kind === 'exhausted') return undefined;
        const held = registry.get(effect.worker);
        const alive = held !== undefined && held.expiresAt > now;
        if (effect.kind === 'claim') {
          if (alive) return { kind: 'taken', worker: effect.worker, wall: wallNow };
          const before = reserved.get(effect.worker);
          registry.set(effect.worker, { token: ++tokens, expiresAt: now + effect.ttlMs, reserved: 0 });
          reserved.set(effect.worker, Math.max(before ?? 0, effect.reservedUntil));
          return {
            kind: 'claimed',
            worker: effect.worker,
            fencingToken: tokens,
            notBefore: before === undefined ? undefined : wall(before),
          };
        }
        if (!alive || held.token !== effect.fencingToken) return { kind: 'lost', fencingToken: effect.fencingToken };
        if (effect.kind === 'release') {
          registry.delete(effect.worker);
          reserved.set(effect.worker, effect.reservedUntil);
          return undefined;
        }
        held.expiresAt = now + 100;
        reserved.set(effect.worker, Math.max(reserved.get(effect.worker) ?? 0, effect.reservedUntil));
        return { kind: 'renewed', fencingToken: effect.fencingToken };
      };
      const step = (who: number, input: WorkerIdLeaseInput, delay: number, lost: boolean): void => {
        const process = processes[who]!;
        const out: WorkerIdLeaseEffect[] = [];
        process.lease.step(input, Instant.of(now), out);
        for (const effect of out) {
          // The request arrives at once; it is the answer that is slow, or never comes.
          const answer = ask(effect, wall(now + process.offset));
          if (answer !== undefined && !lost)
            deliveries.push({ at: now + delay, run: () => step(who, answer, 0, false) });
        }
      };
      for (const who of [0, 1, 2]) step(who, { kind: 'start', wall: wall(5000) }, 1, false);
      for (const { who, delay, lost, jump } of events) {
        now += 7;
        for (const due of deliveries.filter((d) => d.at <= now)) {
          deliveries.splice(deliveries.indexOf(due), 1);
          due.run();
        }
        const process = processes[who]!;
        process.offset = Math.max(1000, process.offset + jump);
        const wallNow = wall(now + process.offset);
        step(who, { kind: 'tick', wall: wallNow }, delay, lost);
        const grant = process.lease.grant(Instant.of(now));
        if (grant === undefined) continue;
        if (process.token !== grant.fencingToken) {
          const { worker, notBefore, notAfter } = grant;
          process.generator = new Snowflake({
            worker,
            layout,
            notAfter,
            ...(notBefore === undefined ? {} : { notBefore }),
            clock: { kind: 'borrow', maxMs: 50 },
          });
          process.token = grant.fencingToken;
        }
        process.generator!.reserve(grant.notAfter);
        for (let i = 0; i < 6; i++) {
          const id = process.generator!.next(wallNow);
          if (id.kind !== 'id') break;
          expect(ids.has(String(id)), `${id} twice`).toBe(false);
          ids.add(String(id));
          made += 1;
        }
      }
    }),
    { numRuns: 200 },
  );
  expect(made).toBeGreaterThan(1000);
});
