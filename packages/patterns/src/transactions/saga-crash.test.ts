import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resumeSaga, runSaga, type SagaEnd, SagaPlan } from './index.ts';
import { type Behaviour, Crash, inForce, MemorySagaLog, namesOf, Services, stepsOf } from './saga.fixture.ts';

const request = { id: 's', input: 'in' };
const options = { attemptsMax: 3, insistMax: 3 };

interface Ran {
  readonly end: SagaEnd<string>;
  readonly services: Services;
  readonly log: MemorySagaLog<string, string>;
  readonly plan: SagaPlan<string, string>;
}

/** Runs a saga to its end, through crashes at these appends, resuming it whenever it is stuck. */
async function run(
  kinds: string,
  behaviours: Record<string, Behaviour[]>,
  crashes: readonly [number, boolean][],
): Promise<Ran> {
  const services = new Services();
  for (const [name, list] of Object.entries(behaviours)) services.behaviours.set(name, list.slice());
  const log = new MemorySagaLog<string, string>();
  const plan = new SagaPlan(stepsOf(services, kinds), options);
  const world = { log, pause: async () => {} };
  const left = crashes.slice();
  for (let tries = 0; tries < 100; tries++) {
    [log.crashAt, log.crashesAfter] = left[0] ?? [0, false];
    try {
      const end = await runSaga(plan, world, request);
      if (end.kind !== 'stuck') return { end, services, log, plan };
      await resumeSaga(world, 's');
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      left.shift();
    }
  }
  throw new Error('the saga does not end');
}

/** All or nothing, each once, and the reverse order. */
function check({ end, services, plan }: Ran): void {
  const { effects } = services;
  expect(new Set(effects).size).toBe(effects.length);
  if (end.kind === 'completed') expect(effects).toEqual(namesOf(plan));
  else {
    expect([end.kind, inForce(effects)]).toEqual(['compensated', []]);
    const done = effects.filter((name) => !name.startsWith('-'));
    expect(effects.slice(done.length)).toEqual(done.map((name) => `-${name}`).reverse());
    expect(done).toEqual(namesOf(plan).slice(0, done.length));
  }
}

const SCENARIOS: Record<string, Record<string, Behaviour[]>> = {
  'all goes well': {},
  'the pivot is refused': { p2: ['refused'] },
  'the second step does not answer': { c1: ['lost-answer', 'lost-request', 'lost-answer'] },
  'what follows the pivot fails at first': { r3: ['busy', 'lost-answer'] },
  'compensations fail at first': { p2: ['refused'], '-c1': ['lost-answer'], '-c0': ['busy', 'lost-request'] },
  'a compensation fails until the saga is stuck': { c1: ['refused'], '-c0': ['busy', 'busy', 'busy'] },
};

describe('a crash at any record, before it is durable or after', () => {
  for (const [name, behaviours] of Object.entries(SCENARIOS)) {
    test(`when ${name}: ends as without it, with each effect once`, async () => {
      const quiet = await run('ccprr', behaviours, []);
      check(quiet);
      const { appends } = quiet.log;
      expect(appends).toBeGreaterThan(5);
      for (let at = 1; at <= appends; at++) {
        for (const isAfter of [false, true]) {
          const ran = await run('ccprr', behaviours, [[at, isAfter]]);
          check(ran);
          // A crash uses up an attempt, so a step that had none left may end otherwise, but whole.
          if (!/does not answer|fail/.test(name)) expect(ran.end.kind).toBe(quiet.end.kind);
        }
      }
    });
  }
});

test('whatever fails, however often it crashes: all effects or none, each once', async () => {
  const behaviour = fc.constantFrom<Behaviour>('ok', 'ok', 'refused', 'busy', 'lost-request', 'lost-answer');
  const soft = fc.constantFrom<Behaviour>('ok', 'busy', 'lost-request', 'lost-answer');
  const ends = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('ccprr', 'ccc', 'cp', 'ccr'),
      fc.array(fc.array(behaviour, { maxLength: 4 }), { minLength: 3, maxLength: 3 }),
      fc.array(fc.array(soft, { maxLength: 4 }), { minLength: 5, maxLength: 5 }),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 8 }), fc.boolean()), { maxLength: 5 }),
      async (kinds, forward, insisting, gaps) => {
        const behaviours: Record<string, Behaviour[]> = {};
        for (const [i, kind] of [...kinds].entries()) {
          behaviours[`${kind}${i}`] = kind === 'r' ? insisting[i]! : forward[i]!;
          if (kind === 'c') behaviours[`-c${i}`] = insisting[i]!;
        }
        let at = 0;
        const crashes = gaps.map(([gap, isAfter]): [number, boolean] => {
          at += gap;
          return [at, isAfter];
        });
        const ran = await run(kinds, behaviours, crashes);
        ends.add(ran.end.kind);
        check(ran);
      },
    ),
    { numRuns: 400 },
  );
  expect(ends.size).toBe(2);
});

test('without idempotency keys the same crashes repeat effects: the check can fail', async () => {
  const services = new Services();
  let calls = 0;
  const original = services.do.bind(services);
  services.do = (name) => original(name, `${calls++}`);
  const log = new MemorySagaLog<string, string>();
  log.crashAt = 3;
  const plan = new SagaPlan(stepsOf(services), options);
  const world = { log, pause: async () => {} };
  await expect(runSaga(plan, world, request)).rejects.toThrow(Crash);
  await runSaga(plan, world, request);
  expect(services.effects).toEqual(['c0', 'c0', 'c1', 'p2', 'r3', 'r4']);
});
