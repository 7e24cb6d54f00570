import { expect, test } from 'vitest';
import { SyncMode } from './sync-mode.ts';

function after(mode: SyncMode, count: number, durationMs: number, sizeBytes = 512): boolean {
  for (let i = 0; i < count; i++) mode.observe(durationMs, sizeBytes);
  return mode.onThisThread(512);
}

test('durable writes start in the pool and come to this thread after a run of fast ones', () => {
  const mode = new SyncMode(0.5);
  expect(mode.onThisThread(512)).toBe(false);
  expect(after(mode, 31, 0.1)).toBe(false);
  expect(after(mode, 1, 0.1)).toBe(true);
});

test('one slow write sends them back to the pool until a whole run was fast again', () => {
  const mode = new SyncMode(0.5);
  after(mode, 100, 0.1);
  expect(after(mode, 1, 5)).toBe(false);
  expect(after(mode, 31, 0.1)).toBe(false);
  expect(after(mode, 1, 0.6)).toBe(false);
  expect(after(mode, 32, 0.1)).toBe(true);
});

test('big writes go to the pool, and their slowness is not held against small ones', () => {
  const mode = new SyncMode(0.5);
  after(mode, 32, 0.1);
  expect(mode.onThisThread(1 << 20)).toBe(false);
  expect(after(mode, 10, 4, 1 << 20)).toBe(true);
});

test('a bound of zero keeps them in the pool', () => {
  expect(after(new SyncMode(0), 1000, 0.01)).toBe(false);
});
