import { expect, test } from 'vitest';
import { InflightWindow } from './inflight-window.ts';
import { SeededRandom } from './random.fixture.ts';

test('a window is full at its number of messages, or at its bytes', () => {
  const window = new InflightWindow(2, 100);
  window.add(1, 10);
  expect(window.full).toBe(false);
  window.add(2, 10);
  expect(window.full).toBe(true);
  window.freeTo(1);
  window.add(3, 500);
  expect([window.full, window.count, window.bytes]).toEqual([true, 2, 510]);
});

test('an acknowledgement frees all before it, and an old one frees nothing', () => {
  const window = new InflightWindow(10, 1000);
  for (let last = 2; last <= 10; last += 2) window.add(last, 1);
  window.freeTo(7);
  expect(window.count).toBe(2);
  window.freeTo(3);
  expect(window.count).toBe(2);
  window.clear();
  expect([window.count, window.bytes, window.full]).toEqual([0, 0, false]);
});

test('the ring and a plain queue agree', () => {
  const random = new SeededRandom(5);
  const window = new InflightWindow(50, 10_000);
  let queue: { last: number; bytes: number }[] = [];
  let last = 0;
  for (let step = 0; step < 5000; step++) {
    if (random.chance(0.55) && !window.full) {
      last += 1 + random.below(3);
      const bytes = random.below(300);
      window.add(last, bytes);
      queue.push({ last, bytes });
    } else {
      const index = last - random.below(60);
      window.freeTo(index);
      queue = queue.filter((sent) => sent.last > index);
    }
    expect([window.count, window.bytes]).toEqual([queue.length, queue.reduce((sum, sent) => sum + sent.bytes, 0)]);
  }
});
