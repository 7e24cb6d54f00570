/** The replicated lease book and the leader's lease table together: nothing that was acknowledged is taken back. */
import { Instant } from '@quorate/patterns/base';
import { LeaseTable, type LeaseTableEffect } from '@quorate/patterns/leases';
import { describe, expect, test } from 'vitest';
import type { CoreError } from '../errors.ts';
import { Bench, put } from './machine.fixture.ts';

/** A node that may believe to be the leader. All nodes share one state here, because all apply the same log. */
class Node {
  readonly table: LeaseTable = new LeaseTable();
  readonly #bench: Bench;
  constructor(bench: Bench) {
    this.#bench = bench;
  }
  /** Becomes leader of `term`: its epoch goes through the log first. */
  lead(term: number, now: number, extendMs = 300): void {
    this.#bench.do({ kind: 'lease-epoch', term });
    const leases = [...this.#bench.machine.leases].map(({ id, ttlSeconds }) => ({ id, ttlMs: ttlSeconds * 1000 }));
    this.step({ kind: 'promote', term, leases, extendMs }, now);
  }
  step(input: Parameters<LeaseTable['step']>[0], now: number): LeaseTableEffect[] {
    const out: LeaseTableEffect[] = [];
    this.table.step(input, Instant.of(now), out);
    return out;
  }
  renew(id: number, now: number): string {
    return this.step({ kind: 'renew', id }, now)[0]!.kind;
  }
  /** What it would propose. */
  expired(now: number): { kind: 'lease-revoke'; id: number; leaderTerm: number }[] {
    return this.step({ kind: 'tick' }, now).map((e) => {
      if (e.kind !== 'expire') throw new Error('only expiries come of a tick');
      return { kind: 'lease-revoke', id: e.id, leaderTerm: e.term };
    });
  }
}

const prepared = (): { bench: Bench; a: Node; b: Node } => {
  const bench = new Bench();
  bench.do({ kind: 'lease-grant', id: 7, ttlSeconds: 5 });
  bench.put('lock', 'held', { lease: 7 });
  return { bench, a: new Node(bench), b: new Node(bench) };
};

describe('lease expiry', () => {
  test('goes through the log and deletes the keys', () => {
    const { bench, a } = prepared();
    a.lead(5, 0, 0);
    expect(a.expired(4999)).toEqual([]);
    const [revoke] = a.expired(5000);
    expect(bench.code(revoke!)).toBe('ok');
    expect(bench.content()).toEqual([]);
  });

  test('on two leaders: a revocation that the old one decided on does not undo a keep-alive that the new one acknowledged', () => {
    const { bench, a, b } = prepared();
    a.lead(5, 0, 0);
    // a is cut off; its time runs out, and its proposal waits in a queue. Meanwhile b leads and acknowledges a keep-alive.
    const [late] = a.expired(5000);
    b.lead(6, 5000);
    expect(b.renew(7, 5100)).toBe('renewed');
    // The queue of a is drained into the log after all: forwarded, or because it leads again and has not noticed the gap.
    const answer = bench.try(late!) as CoreError;
    expect(answer.code).toBe('leader-changed');
    expect(bench.content()).toEqual(['lock=held@2']);
  });

  test('that came into the log before the change of leaders counts, and the new leader has no such lease to renew', () => {
    const { bench, a, b } = prepared();
    a.lead(5, 0, 0);
    expect(bench.code(a.expired(5000)[0]!)).toBe('ok');
    b.lead(6, 5000);
    expect(b.renew(7, 5001)).toBe('refused');
  });

  test('a leader that leads again does not get its old revocations through', () => {
    const { bench, a, b } = prepared();
    a.lead(5, 0, 0);
    const [late] = a.expired(5000);
    b.lead(6, 5000);
    a.lead(7, 6000);
    expect(bench.code(late!)).toBe('leader-changed');
    expect(a.renew(7, 6001)).toBe('renewed');
  });

  test('an epoch never falls, so a late one of an old leader changes nothing', () => {
    const { bench, a, b } = prepared();
    b.lead(6, 0);
    expect(bench.do<'lease-epoch'>({ kind: 'lease-epoch', term: 5 }).term).toBe(6);
    a.step({ kind: 'promote', term: 5, leases: [{ id: 7, ttlMs: 5000 }], extendMs: 0 }, 0);
    expect(bench.code(a.expired(5000)[0]!)).toBe('leader-changed');
  });

  test('a client may revoke whatever the epoch', () => {
    const { bench, a } = prepared();
    a.lead(5, 0);
    expect(bench.code({ kind: 'lease-revoke', id: 7 })).toBe('ok');
  });

  test('a version that is past keeps the number of its lease in a snapshot, though the lease is gone', async () => {
    const bench = new Bench();
    bench.do({ kind: 'lease-grant', id: 7, ttlSeconds: 60 });
    bench.do(put('a', '1', { lease: 7 }));
    bench.do({ kind: 'lease-revoke', id: 7 });
    const other = new Bench();
    await other.restore(await bench.snapshot());
    expect(await other.snapshot()).toEqual(await bench.snapshot());
  });

  test('the epoch is part of the snapshot', async () => {
    const { bench, a } = prepared();
    a.lead(5, 0);
    const other = new Bench();
    await other.restore(await bench.snapshot());
    expect(other.machine.leaseEpoch).toBe(5);
    expect(other.code({ kind: 'lease-revoke', id: 7, leaderTerm: 4 })).toBe('leader-changed');
  });

  test('a key that is put without the lease in time outlives it', () => {
    const { bench, a } = prepared();
    a.lead(5, 0, 0);
    const [revoke] = a.expired(5000);
    bench.do(put('lock', 'kept'));
    expect(bench.code(revoke!)).toBe('ok');
    expect(bench.content()).toEqual(['lock=kept@3']);
  });
});
