import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RequestPipeline } from './request-pipeline.ts';

const sendAll = (pipeline: RequestPipeline<string>): { id: number; request: string }[] => {
  const sent: { id: number; request: string }[] = [];
  for (let next = pipeline.next(); next !== undefined; next = pipeline.next()) sent.push(next);
  return sent;
};

describe('a request pipeline', () => {
  test('sends up to its window without an answer, and one more for each answer, in whatever order they come', () => {
    const pipeline = new RequestPipeline<string>({ windowMax: 2 });
    for (const request of 'abcd') pipeline.add(request, 1);
    const first = sendAll(pipeline);
    expect(first.map(({ request }) => request)).toEqual(['a', 'b']);
    expect(pipeline.answered(first[1]!.id)).toBe('b');
    expect(sendAll(pipeline).map(({ request }) => request)).toEqual(['c']);
    expect(pipeline.answered(first[0]!.id)).toBe('a');
    expect([pipeline.inFlight, pipeline.queued]).toEqual([1, 1]);
  });

  test('has no more bytes under way than its window, but for one request that is larger by itself', () => {
    const pipeline = new RequestPipeline<string>({ windowBytesMax: 10 });
    pipeline.add('large', 30);
    pipeline.add('small', 5);
    const [large] = sendAll(pipeline);
    expect([large?.request, pipeline.queued]).toEqual(['large', 1]);
    pipeline.answered(large!.id);
    expect(sendAll(pipeline)).toHaveLength(1);
    expect(pipeline.inFlightBytes).toBe(5);
  });

  test('knows no second answer, and none for an id that it has not given or that was void when the slot was used again', () => {
    const pipeline = new RequestPipeline<string>();
    pipeline.add('a', 1);
    const [a] = sendAll(pipeline);
    expect([pipeline.answered(a!.id + 1), pipeline.answered(a!.id), pipeline.answered(a!.id)]).toEqual([
      undefined,
      'a',
      undefined,
    ]);
    pipeline.add('b', 1);
    const [b] = sendAll(pipeline);
    expect(pipeline.answered(a!.id)).toBeUndefined();
    expect(pipeline.answered(b!.id)).toBe('b');
  });

  test('when the line is down tells what was sent from what was not, both in order, and starts anew', () => {
    const pipeline = new RequestPipeline<string>({ windowMax: 3 });
    for (const request of 'abcdef') pipeline.add(request, 1);
    const sent = sendAll(pipeline);
    pipeline.answered(sent[0]!.id);
    sendAll(pipeline);
    expect(pipeline.reset()).toEqual({ sent: ['b', 'c', 'd'], unsent: ['e', 'f'] });
    expect([pipeline.inFlight, pipeline.inFlightBytes, pipeline.queued]).toEqual([0, 0, 0]);
    pipeline.add('g', 1);
    expect(sendAll(pipeline).map(({ request }) => request)).toEqual(['g']);
    expect(sent.map(({ id }) => pipeline.answered(id))).toEqual([undefined, undefined, undefined]);
  });

  test('refuses past the bound of its queue', () => {
    const pipeline = new RequestPipeline<string>({ queuedMax: 1 });
    expect([pipeline.add('a', 1), pipeline.add('b', 1)]).toEqual([true, false]);
  });

  test('every answer finds its own request, and ids that are under way differ, over many turns of the slots', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 200 }), (events) => {
        const pipeline = new RequestPipeline<number>({ windowMax: 4, queuedMax: 5 });
        const underWay = new Map<number, number>();
        let n = 0;
        for (const event of events) {
          if (event === 0 && pipeline.add(n, 1)) n += 1;
          const next = event === 1 ? pipeline.next() : undefined;
          if (next !== undefined) {
            expect(underWay.has(next.id)).toBe(false);
            underWay.set(next.id, next.request);
          }
          if (event >= 2) {
            const [id, request] = [...underWay][event - 2] ?? [];
            if (id === undefined) continue;
            underWay.delete(id);
            expect(pipeline.answered(id)).toBe(request);
          }
          expect(pipeline.inFlight).toBe(underWay.size);
        }
      }),
      { numRuns: 200 },
    );
  });
});
