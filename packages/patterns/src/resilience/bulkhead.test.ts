import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Bulkhead } from './bulkhead.ts';
import type { Policy } from './call.ts';
import { compose } from './compose.ts';
import { Gate, GateWaiter } from './gate.ts';
import { Deferred, outcomeOf, settle } from './world.fixture.ts';

describe('a bulkhead', () => {
  test('runs as many as may, lets so many wait in order of arrival, and refuses the others', async () => {
    const bulkhead = new Bulkhead({ concurrentMax: 2, waitersMax: 2 });
    const pipeline = compose(bulkhead);
    const operations = Array.from({ length: 5 }, () => new Deferred<number>());
    const started: number[] = [];
    const outcomes = operations.map((operation, i) =>
      outcomeOf(
        pipeline.run(() => {
          started.push(i);
          return operation.promise;
        }),
      ),
    );
    await settle();
    expect(started).toEqual([0, 1]);
    expect(outcomes[4]!.error).toMatchObject({ code: 'bulkhead-full', outcome: 'not-applied' });
    operations[1]!.reject(new Error('failed'));
    await settle();
    expect(started).toEqual([0, 1, 2]);
    operations[0]!.resolve(0);
    await settle();
    expect(started).toEqual([0, 1, 2, 3]);
    expect([bulkhead.running, bulkhead.waiting]).toEqual([2, 0]);
  });

  test('a waiter that gives up costs nobody a place, and the next is served in its stead', async () => {
    const bulkhead = new Bulkhead({ concurrentMax: 1, waitersMax: 3 });
    const pipeline = compose(bulkhead);
    const first = new Deferred<number>();
    outcomeOf(pipeline.run(() => first.promise));
    const controller = new AbortController();
    const left = outcomeOf(pipeline.run(() => 'never', { signal: controller.signal }));
    const next = outcomeOf(pipeline.run(() => 'served'));
    controller.abort('left');
    expect(bulkhead.waiting).toBe(1);
    first.resolve(1);
    await settle();
    expect([left.error, next.value]).toEqual(['left', 'served']);
    expect([bulkhead.running, bulkhead.waiting]).toEqual([0, 0]);
  });

  test('a call that is cancelled before it asks for a place takes none, and does not wait', async () => {
    const bulkhead = new Bulkhead({ concurrentMax: 1, waitersMax: 5 });
    const operation = new Deferred<number>();
    outcomeOf(compose(bulkhead).run(() => operation.promise));
    const cancelling: Policy = {
      bind: (next) => ({
        start: (call, sink) => {
          call.cancel('not wanted');
          next.start(call, sink);
        },
      }),
    };
    await expect(compose(cancelling, bulkhead).run(() => 1)).rejects.toBe('not wanted');
    expect([bulkhead.running, bulkhead.waiting]).toEqual([1, 0]);
  });

  test('a place is held until the operation ends, though its caller gave up', async () => {
    const bulkhead = new Bulkhead({ concurrentMax: 1 });
    const controller = new AbortController();
    const operation = new Deferred<number>();
    outcomeOf(compose(bulkhead).run(() => operation.promise, { signal: controller.signal }));
    controller.abort();
    expect(bulkhead.running).toBe(1);
    operation.resolve(1);
    await settle();
    expect(bulkhead.running).toBe(0);
  });

  test('ten thousand waiting operations that end at once need no deep stack', async () => {
    const pipeline = compose(new Bulkhead({ concurrentMax: 1, waitersMax: 10_000 }));
    const first = new Deferred<number>();
    const runs = [pipeline.run(() => first.promise)];
    for (let i = 0; i < 10_000; i++) runs.push(pipeline.run(() => i));
    first.resolve(-1);
    expect((await Promise.all(runs)).at(-1)).toBe(9_999);
  });
});

test('gate: under any sequence of arrivals, departures and surrenders, nobody overtakes, no place is lost, none is idle while somebody waits', () => {
  const input = fc.constantFrom('ask', 'leave', 'give up first', 'give up last', 'grow', 'shrink');
  fc.assert(
    fc.property(fc.array(input, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), (inputs, limit) => {
      const gate = new Gate(limit, 4);
      const entered: number[] = [];
      const waiting: { id: number; waiter: GateWaiter }[] = [];
      let running = 0;
      const enter = (id: number): void => {
        running += 1;
        entered.push(id);
      };
      inputs.forEach((kind, id) => {
        if (kind === 'ask') {
          const waiter = new GateWaiter();
          waiter.enter = () => {
            expect(waiting.shift()?.id).toBe(id);
            enter(id);
          };
          const entry = gate.ask(waiter);
          if (entry === 'entered') enter(id);
          else if (entry === 'waiting') waiting.push({ id, waiter });
          else expect(waiting).toHaveLength(4);
        } else if (kind === 'leave' && running > 0) {
          running -= 1;
          gate.leave();
        } else if (kind.startsWith('give up') && waiting.length > 0) {
          const at = kind === 'give up first' ? 0 : waiting.length - 1;
          const [left] = waiting.splice(at, 1);
          expect(gate.giveUp(left!.waiter)).toBe(true);
          expect(gate.giveUp(left!.waiter)).toBe(false);
        } else if (kind === 'grow') gate.limit += 1;
        else if (kind === 'shrink' && gate.limit > 1) gate.limit -= 1;
        expect([gate.running, gate.waiting]).toEqual([running, waiting.length]);
        if (waiting.length > 0) expect(running).toBeGreaterThanOrEqual(gate.limit);
      });
      expect(entered).toEqual([...entered].sort((a, b) => a - b));
    }),
    { numRuns: 300 },
  );
});
