import { expect, test } from 'vitest';
import { GenerationClock, type GenerationEffect, type GenerationInput } from './index.ts';

const run = (clock: GenerationClock, ...inputs: GenerationInput[]): string[] => {
  const out: GenerationEffect[] = [];
  for (const input of inputs) clock.step(input, out);
  return out.map((effect) => `${effect.kind} ${effect.generation}${'id' in effect ? ` #${effect.id}` : ''}`);
};
const persisted = (generation: number): GenerationInput => ({ kind: 'persisted', generation });
const won = (generation: number): GenerationInput => ({ kind: 'won', generation });
const seen = (id: number, generation: number): GenerationInput => ({ kind: 'seen', id, generation });
const stand: GenerationInput = { kind: 'stand' };

test('a generation is durable before anybody hears of it', () => {
  const clock = new GenerationClock(4);
  expect(run(clock, stand)).toEqual(['persist 5']);
  expect(clock.role).toBe('standing');
  expect(run(clock, persisted(5))).toEqual(['canvass 5']);
  expect(run(clock, won(5))).toEqual(['lead 5']);
  expect(clock.role).toBe('leading');
});

test('a request of an earlier generation is refused and told the present one', () => {
  expect(run(new GenerationClock(4), seen(1, 3))).toEqual(['refused 4 #1']);
  expect(run(new GenerationClock(4), seen(2, 4))).toEqual(['accepted 4 #2']);
});

test('a request of a later generation is accepted once that is durable here', () => {
  const clock = new GenerationClock(4);
  expect(run(clock, seen(1, 6), seen(2, 6), seen(3, 5))).toEqual(['persist 6', 'refused 6 #3']);
  expect(run(clock, persisted(6))).toEqual(['accepted 6 #1', 'accepted 6 #2']);
});

test('what waits for its generation is refused when a later one comes first', () => {
  const clock = new GenerationClock();
  expect(run(clock, seen(1, 1), seen(2, 2))).toEqual(['persist 1', 'persist 2']);
  expect(run(clock, persisted(1))).toEqual(['refused 2 #1']);
  expect(run(clock, persisted(2))).toEqual(['accepted 2 #2']);
});

test('a leader that sees a later generation stops at once', () => {
  const clock = new GenerationClock();
  run(clock, stand, persisted(1), won(1));
  expect(run(clock, seen(9, 2))).toEqual(['step-down 2', 'persist 2']);
  expect(clock.role).toBe('following');
});

test('an election that is won after a later generation was seen is lost', () => {
  const clock = new GenerationClock();
  run(clock, stand, persisted(1), seen(9, 2), persisted(2));
  expect(run(clock, won(1))).toEqual([]);
  run(clock, stand, persisted(3));
  expect(run(clock, won(1), won(2))).toEqual([]);
  expect(run(clock, won(3))).toEqual(['lead 3']);
});

test('standing again takes the next generation; a leader does not stand', () => {
  const clock = new GenerationClock();
  expect(run(clock, stand, stand, persisted(1))).toEqual(['persist 1', 'persist 2']);
  expect(run(clock, persisted(2), won(2), stand)).toEqual(['canvass 2', 'lead 2']);
  expect(clock.generation).toBe(2);
});

test('a late report of an earlier write makes nothing durable', () => {
  const clock = new GenerationClock();
  expect(run(clock, stand, persisted(0))).toEqual(['persist 1']);
  expect(run(clock, persisted(1), persisted(0), seen(1, 1))).toEqual(['canvass 1', 'accepted 1 #1']);
});

test('an election counts once, and only for who has asked for votes in it', () => {
  const clock = new GenerationClock();
  expect(run(clock, stand, won(1))).toEqual(['persist 1']);
  expect(run(clock, persisted(1), won(1), won(1))).toEqual(['canvass 1', 'lead 1']);
  expect(run(clock, seen(1, 2), persisted(2), won(2))).toEqual(['step-down 2', 'persist 2', 'accepted 2 #1']);
  expect(clock.role).toBe('following');
});

test('effects are put behind those that are there', () => {
  const clock = new GenerationClock();
  const out: GenerationEffect[] = [];
  for (const input of [stand, persisted(1), won(1), seen(1, 2)]) clock.step(input, out);
  expect(out.map(({ kind }) => kind)).toEqual(['persist', 'canvass', 'lead', 'step-down', 'persist']);
});

test('what is no generation is refused', () => {
  for (const generation of [-1, 0.5, 2 ** 53])
    expect(() => new GenerationClock(generation)).toThrow(/must be a safe integer/);
});
