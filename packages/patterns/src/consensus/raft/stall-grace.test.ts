import { expect, test } from 'vitest';
import { Instant } from '../../base/index.ts';
import { StallGrace } from './stall-grace.ts';

const GRACE_MS = 10;
const at = Instant.of;

test('a tick that is late by more than the grace gives one grace, counted from the tick', () => {
  const grace = new StallGrace(GRACE_MS);
  grace.ticked(at(110), at(100));
  expect(grace.until).toBe(Number.NEGATIVE_INFINITY);
  grace.ticked(at(211), at(200));
  expect(grace.until).toBe(221);
});

test('a second late tick gives none, until something is heard', () => {
  const grace = new StallGrace(GRACE_MS);
  grace.ticked(at(150), at(100));
  grace.ticked(at(250), at(200));
  expect(grace.until).toBe(160);
  grace.heard();
  grace.ticked(at(350), at(300));
  expect(grace.until).toBe(360);
});

test('a tick that was not due is not late, and does not use up the grace', () => {
  const grace = new StallGrace(GRACE_MS);
  grace.ticked(at(150), undefined);
  expect(grace.until).toBe(Number.NEGATIVE_INFINITY);
  grace.ticked(at(250), at(200));
  expect(grace.until).toBe(260);
});
