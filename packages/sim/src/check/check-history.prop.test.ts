import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkHistory } from './check-history.ts';
import { ILLEGAL, type Model } from './model.ts';
import { type RegisterInput, type RegisterOutput, registerModel } from './models/register.ts';
import type { Operation, Verdict } from './operation.ts';
import { partitionByTouchedKeys } from './partition.ts';
import { type StoreInput, type StoreOutput, storeModel } from './store-history.fixture.ts';

/** The definition, tried out: some order of the operations (those without a return: any of them) that time allows and the model accepts. */
function verdictByBruteForce<I, O, S>(history: readonly Operation<I, O>[], model: Model<I, O, S>): Verdict {
  const search = (left: readonly Operation<I, O>[], state: S): boolean => {
    if (left.every((operation) => operation.return === Infinity)) return true;
    return left.some((next) => {
      if (left.some((other) => other.return < next.call)) return false;
      const after = model.step(state, next.input, next.output);
      return (
        after !== ILLEGAL &&
        search(
          left.filter((other) => other !== next),
          after as S,
        )
      );
    });
  };
  return search(history, model.initial) ? 'linearizable' : 'illegal';
}

/** Up to seven operations at times so few that ties and overlaps are the rule. */
const historyOf = <I, O>(operation: fc.Arbitrary<{ input: I; output: O }>): fc.Arbitrary<Operation<I, O>[]> =>
  fc.array(
    fc
      .record({
        operation,
        client: fc.integer({ min: 0, max: 2 }),
        call: fc.integer({ min: 0, max: 9 }),
        lasts: fc.integer({ min: 0, max: 6 }),
        end: fc.constantFrom('answered', 'answered', 'answered', 'unknown', 'pending'),
      })
      .map(({ operation: { input, output }, client, call, lasts, end }) => ({
        client,
        input,
        output: end === 'answered' ? output : undefined,
        call,
        return: end === 'pending' ? Infinity : call + lasts,
      })),
    { maxLength: 7 },
  );

const value = fc.constantFrom<undefined | number>(undefined, 1, 2);
const registerOperation: fc.Arbitrary<{ input: RegisterInput; output: RegisterOutput }> = fc.oneof(
  value.map((read) => ({ input: { kind: 'read' as const }, output: { kind: 'read' as const, value: read } })),
  value.map((written) => ({ input: { kind: 'write' as const, value: written }, output: { kind: 'written' as const } })),
  fc.record({ from: value, to: value, swapped: fc.boolean() }).map(({ from, to, swapped }) => ({
    input: { kind: 'cas' as const, from, to },
    output: { kind: 'cas' as const, swapped },
  })),
);

const keys = fc.subarray(['a', 'b', 'c'], { minLength: 1, maxLength: 2 });
const written = fc.integer({ min: 1, max: 2 });
const storeOperation = (
  revision: fc.Arbitrary<number | undefined>,
): fc.Arbitrary<{ input: StoreInput; output: StoreOutput }> =>
  fc.oneof(
    fc.record({ put: keys, value: written, revision }).map(({ put, value: v, revision: r }) => ({
      input: { put, value: v },
      output: { values: [], revision: r },
    })),
    fc
      .record({ get: keys, first: fc.nat(2), second: fc.nat(2), revision })
      .map(({ get, first, second, revision: r }) => ({
        input: { get, value: 0 },
        output: { values: [first, second].slice(0, get.length), revision: r },
      })),
  );

/** Runs a property and returns how often each verdict came up. */
function compare<I, O, S>(
  histories: fc.Arbitrary<Operation<I, O>[]>,
  model: Model<I, O, S>,
  whole = model,
): Record<Verdict, number> {
  const seen = { linearizable: 0, illegal: 0, unknown: 0 };
  fc.assert(
    fc.property(histories, (history) => {
      const { verdict } = checkHistory(history, model);
      seen[verdict] += 1;
      expect(verdict).toBe(verdictByBruteForce(history, whole));
    }),
    { numRuns: 6000, seed: 2 },
  );
  return seen;
}

describe('the checker and the definition agree', () => {
  test('on registers', () => {
    const seen = compare(historyOf(registerOperation), registerModel);
    expect(Math.min(seen.linearizable, seen.illegal)).toBeGreaterThan(1000);
  });

  test('on several keys under one revision', () => {
    const seen = compare(historyOf(storeOperation(fc.constantFrom(undefined, 1, 2, 3))), storeModel);
    expect(Math.min(seen.linearizable, seen.illegal)).toBeGreaterThan(300);
  });

  test('on several keys split into those touched together', () => {
    const split: typeof storeModel = {
      ...storeModel,
      partition: (operations) => partitionByTouchedKeys(operations, (input) => input.put ?? input.get ?? []),
    };
    const seen = compare(historyOf(storeOperation(fc.constant(undefined))), split, storeModel);
    expect(Math.min(seen.linearizable, seen.illegal)).toBeGreaterThan(300);
  });
});

test('the longest order is one that the model accepts, and the refused operation is not in it', () => {
  fc.assert(
    fc.property(historyOf(registerOperation), (history) => {
      for (const part of checkHistory(history, registerModel).parts) {
        let state = registerModel.initial;
        for (const index of part.longest) {
          const { input, output } = history[index] as Operation<RegisterInput, RegisterOutput>;
          const after = registerModel.step(state, input, output);
          expect(after).not.toBe(ILLEGAL);
          state = after as typeof state;
        }
        expect(new Set(part.longest).size).toBe(part.longest.length);
        expect(part.refused === undefined).toBe(part.verdict === 'linearizable');
        if (part.refused !== undefined) expect(part.longest).not.toContain(part.refused);
      }
    }),
    { numRuns: 2000, seed: 3 },
  );
});
