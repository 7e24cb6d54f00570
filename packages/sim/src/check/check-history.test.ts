import { describe, expect, test } from 'vitest';
import { checkHistory } from './check-history.ts';
import { kvHistory, withOneFalseRead } from './kv-history.fixture.ts';
import { ILLEGAL, type Model } from './model.ts';
import { kvModel } from './models/kv.ts';
import { type RegisterInput, type RegisterOutput, registerModel } from './models/register.ts';
import type { Operation } from './operation.ts';
import { storeHistory, storeModel } from './store-history.fixture.ts';

type RegisterOperation = Operation<RegisterInput, RegisterOutput>;
const write = (value: number, call: number, end: number): RegisterOperation => ({
  client: 0,
  input: { kind: 'write', value },
  output: end === Infinity ? undefined : { kind: 'written' },
  call,
  return: end,
});
const read = (value: number | undefined, call: number, end: number): RegisterOperation => ({
  client: 1,
  input: { kind: 'read' },
  output: { kind: 'read', value },
  call,
  return: end,
});
const verdict = (...history: RegisterOperation[]) => checkHistory(history, registerModel).verdict;

describe('a history is linearizable when', () => {
  test('it is empty', () => expect(verdict()).toBe('linearizable'));
  test('a read between a write’s call and return sees the old value', () =>
    expect(verdict(write(1, 1, 9), read(undefined, 2, 3))).toBe('linearizable'));
  test('a read between a write’s call and return sees the new value', () =>
    expect(verdict(write(1, 1, 9), read(1, 2, 3))).toBe('linearizable'));
  test('a write that never returned is seen long afterwards', () =>
    expect(verdict(write(1, 1, Infinity), read(undefined, 2, 3), read(1, 1000, 1001))).toBe('linearizable'));
  test('a write that never returned is never seen', () =>
    expect(verdict(write(1, 1, Infinity), read(undefined, 1000, 1001))).toBe('linearizable'));
  test('a return and a call at the same time are taken as concurrent', () =>
    expect(verdict(write(1, 1, 2), read(undefined, 2, 3))).toBe('linearizable'));
});

describe('a history is illegal when', () => {
  test('a read after a write does not see it', () =>
    expect(verdict(write(1, 1, 2), read(undefined, 3, 4))).toBe('illegal'));
  test('a read sees a write that was called after it', () =>
    expect(verdict(read(1, 1, 2), write(1, 3, 4))).toBe('illegal'));
  test('a value comes back after it was replaced', () =>
    expect(verdict(write(1, 1, 2), write(2, 3, 9), read(2, 4, 5), read(1, 6, 7))).toBe('illegal'));
  test('a write that never returned is seen, and then not', () =>
    expect(verdict(write(1, 1, Infinity), read(1, 2, 3), read(undefined, 4, 5))).toBe('illegal'));
});

test('the refused operation and the order before it are told', () => {
  const history = [write(1, 1, 2), write(2, 3, 9), read(2, 4, 5), read(1, 6, 7), read(2, 10, 11)];
  const [part] = checkHistory(history, registerModel).parts;
  expect(part).toMatchObject({ name: 'all operations', verdict: 'illegal', longest: [0, 1, 2], refused: 3 });
});

test('a call after its return is an error of the caller, not a verdict', () => {
  expect(() => verdict(write(1, 5, 2))).toThrow(
    'operation 0 of the history: expected numbers with call ≤ return, got 5 and 2',
  );
});

test('a partition that forgets an operation is refused', () => {
  const forgetful = { ...kvModel, partition: () => [{ name: 'a', operations: [0] }] };
  expect(() => checkHistory(kvHistory({ seed: 1, clients: 2, operations: 3, keys: 1 }), forgetful)).toThrow(
    'model kv: partition() must put each of the 3 operations into exactly one part',
  );
});

/** Twelve concurrent appends and a read that none of their orders explains: the search has to try them all. */
const hopeless = (client: number, key: string): Parameters<typeof checkHistory<KvIn, KvOut, string>>[0][number][] => [
  ...Array.from({ length: 12 }, (_, i) => ({
    client: client + i,
    input: { kind: 'append' as const, key, value: String.fromCharCode(97 + i) },
    output: { kind: 'done' as const },
    call: 0,
    return: 100,
  })),
  { client, input: { kind: 'get', key }, output: { kind: 'value', value: 'never' }, call: 200, return: 201 },
];
type KvIn = Parameters<typeof kvModel.step>[1];
type KvOut = NonNullable<Parameters<typeof kvModel.step>[2]>;

describe('the verdict is unknown, never yes,', () => {
  test('when the caller stops the check', () => {
    let asked = 0;
    const result = checkHistory(hopeless(0, 'a'), kvModel, { stop: () => ++asked > 3 });
    expect(result.verdict).toBe('unknown');
    expect(result.steps).toBeGreaterThan(1000);
  });
  test('when it is stopped before it began', () => {
    expect(checkHistory([write(1, 1, 2)], registerModel, { stop: () => true }).verdict).toBe('unknown');
  });
  test('when the steps are used up', () => {
    const result = checkHistory(hopeless(0, 'a'), kvModel, { stepsMax: 10_000 });
    expect(result.verdict).toBe('unknown');
    expect(result.steps).toBe(10_000);
  });
  test('when the memory is used up', () => {
    expect(checkHistory(hopeless(0, 'a'), kvModel, { bytesMax: 4_000_000 }).verdict).toBe('unknown');
  });
  test('when one part is, although the others are linearizable', () => {
    const good = { ...hopeless(50, 'b')[0]!, call: 1, return: 2 };
    const result = checkHistory([...hopeless(0, 'a'), good], kvModel, { stepsMax: 20_000 });
    expect(result.parts.map((part) => part.verdict)).toEqual(['unknown', 'linearizable']);
    expect(result.verdict).toBe('unknown');
  });
});

test('an error in one part is found although the part before it would take for ever', () => {
  const bad = { ...hopeless(50, 'b')[12]!, call: 1, return: 2 };
  const result = checkHistory([...hopeless(0, 'a'), ...hopeless(20, 'c'), bad], kvModel);
  expect(result.verdict).toBe('illegal');
  expect(result.parts.map((part) => part.verdict)).toEqual(['unknown', 'unknown', 'illegal']);
  expect(result.steps).toBeLessThan(20_000);
});

describe('histories that are good by construction', () => {
  test.each([1, 2, 3, 4, 5])('are accepted, and refused with one false read (seed %i)', (seed) => {
    const history = kvHistory({ seed, clients: 12, operations: 1200, keys: 4, unansweredOneIn: 100 });
    expect(checkHistory(history, kvModel).verdict).toBe('linearizable');
    expect(checkHistory(withOneFalseRead(history, 20 * seed), kvModel).verdict).toBe('illegal');
  });

  test('may be long: a hundred thousand operations in one part take memory in proportion', () => {
    const history = kvHistory({ seed: 1, clients: 4, operations: 100_000, keys: 1 }).map((operation) => ({
      ...operation,
      input: operation.input.kind === 'append' ? { ...operation.input, kind: 'put' as const } : operation.input,
      output: undefined,
    }));
    const result = checkHistory(history, kvModel, { bytesMax: 64 << 20 });
    expect(result.verdict).toBe('linearizable');
  });
});

describe('answers that carry a revision, and evidence of what unanswered operations did,', () => {
  const history = storeHistory({ seed: 1, clients: 10, operations: 5000, unansweredOneIn: 20, evidence: true });
  test('leave one order for the writes: a check takes steps in proportion to the operations', () => {
    const result = checkHistory(history, storeModel);
    expect(result.verdict).toBe('linearizable');
    expect(result.steps).toBeLessThan(100 * history.length);
  });
  test('make an error as easy to find', () => {
    const reads = history.flatMap(({ output, return: end }, at) =>
      output?.values.length === 1 && end < Infinity ? [at] : [],
    );
    const changed = reads[Math.floor(reads.length / 2)]!;
    const falsified = {
      ...history[changed]!,
      output: { values: [77_777], revision: history[changed]!.output!.revision },
    };
    const result = checkHistory(history.with(changed, falsified), storeModel);
    expect(result.verdict).toBe('illegal');
    expect(result.parts[0]?.refused).toBe(changed);
    expect(result.steps).toBeLessThan(100 * history.length);
  });
  test('are refused when they contradict what others saw', () => {
    const at = history.findIndex((operation) => operation.return === Infinity && operation.input.put !== undefined);
    const { values, revision } = history[at]!.output!;
    const moved = { ...history[at]!, output: { values, revision: (revision ?? 0) + 1 } };
    expect(checkHistory(history.with(at, moved), storeModel).verdict).toBe('illegal');
  });
});

test('a model that never leads to a known state is refused by memory, not by a crash', () => {
  const counter: Model<null, true, number> = {
    name: 'counter',
    initial: 0,
    step: (state, _input, output) => (output === undefined ? state + 1 : state === -1 ? state : ILLEGAL),
    identity: (state) => state,
    describeOperation: () => 'count',
    describeState: String,
  };
  const pending = Array.from({ length: 40 }, (_, client) => ({
    client,
    input: null,
    output: undefined,
    call: client,
    return: Infinity,
  }));
  const last = { client: 99, input: null, output: true as const, call: 100, return: 101 };
  expect(checkHistory([...pending, last], counter, { bytesMax: 4 << 20 }).verdict).toBe('unknown');
});
