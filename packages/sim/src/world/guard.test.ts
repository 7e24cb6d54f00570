import { describe, expect, test } from 'vitest';
import { DeterminismError, World } from './index.ts';

const hidden: Record<string, () => unknown> = {
  'Date.now': () => Date.now(),
  'new Date()': () => new Date(),
  'performance.now': () => performance.now(),
  'Math.random': () => Math.random(),
  setTimeout: () => setTimeout(() => {}, 1),
  setInterval: () => setInterval(() => {}, 1),
  setImmediate: () => setImmediate(() => {}),
  queueMicrotask: () => queueMicrotask(() => {}),
  'crypto.randomUUID': () => crypto.randomUUID(),
  'crypto.getRandomValues': () => crypto.getRandomValues(new Uint8Array(1)),
};

describe.each(['synchronous', 'macrotask'] as const)('with the %s drain', (drain) => {
  test.each(Object.entries(hidden))('%s throws while a world runs, and works again afterwards', async (_name, read) => {
    const world = new World({ seed: 1n, drain });
    world.node('a').start(() => void read());
    await expect(world.run({ forMs: 1 })).rejects.toThrow(DeterminismError);
    expect(() => {
      const made = read();
      if (typeof made === 'object') clearTimeout(made as NodeJS.Timeout);
    }).not.toThrow();
  });
});

test('given instants can still be converted', async () => {
  const world = new World({ seed: 1n });
  let shown = '';
  world.node('a').start(() => {
    shown = new Date(0).toISOString();
  });
  await world.run({ forMs: 1 });
  expect(shown).toBe('1970-01-01T00:00:00.000Z');
});

test('everything is put back, by identity', async () => {
  const before = [Date, Date.now, Math.random, setTimeout, queueMicrotask, performance.now, crypto.randomUUID];
  const world = new World({ seed: 1n });
  world.node('a').start(() => {
    throw new Error('broken');
  });
  await expect(world.run({ forMs: 1 })).rejects.toThrow('broken');
  expect([Date, Date.now, Math.random, setTimeout, queueMicrotask, performance.now, crypto.randomUUID]).toEqual(before);
  for (const [i, value] of [Date, Date.now, Math.random, setTimeout].entries()) expect(value).toBe(before[i]);
});

test('without the guard hidden inputs pass unnoticed', async () => {
  const world = new World({ seed: 1n, guard: false });
  world.node('a').start(() => void Date.now());
  await world.run({ forMs: 1 });
});

test('who catches the error does not hide it', async () => {
  const world = new World({ seed: 1n, onProcessError: 'exit' });
  world.node('a').start(() => {
    try {
      Date.now();
    } catch {}
  });
  await expect(world.run({ forMs: 1 })).rejects.toThrow(DeterminismError);
});
