import type { Lease } from '@quorate/cluster/client';
import { describe, expect, test } from 'vitest';
import { HandMade } from './hand-made.fixture.ts';
import { LeaseCheck } from './lease-check.ts';

/** A lease as its holder has it. */
const held = (id: number, alive: boolean): Lease => ({ id, alive, remainingMs: alive ? 900 : 0 }) as Lease;

describe('the expiry of a lease', () => {
  test('is too early while its holder is certain of it', () => {
    const history = new HandMade();
    const check = new LeaseCheck(history.violations);
    check.granted(held(7, true));
    check.expired({ id: 7, ttlSeconds: 2 });
    expect(history.found).toEqual(['lease-safety']);
  });

  test('is right once its holder has given it up', () => {
    const history = new HandMade();
    const check = new LeaseCheck(history.violations);
    check.granted(held(7, false));
    check.expired({ id: 7, ttlSeconds: 2 });
    expect(history.found).toEqual([]);
  });

  test('is right when its grant was never answered', () => {
    const history = new HandMade();
    new LeaseCheck(history.violations).expired({ id: 7, ttlSeconds: 2 });
    expect(history.found).toEqual([]);
  });
});

test('leases that nobody keeps alive linger until they are gone, those of living holders may stay', () => {
  const history = new HandMade();
  const check = new LeaseCheck(history.violations);
  for (const id of [7, 8, 9]) history.commit({ kind: 'lease-grant', id, ttlSeconds: 2 });
  check.granted(held(7, true));
  check.granted(held(8, false));
  expect(check.lingering(history.reference)).toEqual([8, 9]);
  history.commit({ kind: 'lease-revoke', id: 8 });
  history.commit({ kind: 'lease-revoke', id: 9 });
  expect(check.lingering(history.reference)).toEqual([]);
});
