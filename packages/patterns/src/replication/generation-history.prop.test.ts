import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GenerationHistory } from './index.ts';

/** The oracle: a log is a list of generations, one for each record. */
const logs = fc
  .array(fc.record({ step: fc.integer({ min: 1, max: 3 }), length: fc.integer({ min: 1, max: 4 }) }), { maxLength: 5 })
  .map((runs) => {
    let generation = 0;
    return runs.flatMap(({ step, length }) => {
      generation += step;
      return new Array<number>(length).fill(generation);
    });
  });
const historyOf = (log: readonly number[], start = 0): GenerationHistory =>
  log.reduce((history, generation, at) => history.appended(generation, start + at), GenerationHistory.empty);

describe('the history of a log', () => {
  test('knows of each index which generation wrote it and where its run ends', () => {
    fc.assert(
      fc.property(logs, (log) => {
        const history = historyOf(log);
        for (let index = 0; index <= log.length; index++) {
          const run =
            log[index] === undefined ? undefined : { generation: log[index], end: log.lastIndexOf(log[index]!) + 1 };
          expect(history.runAt(index, log.length)).toEqual(run);
          expect(history.positionAt(index, log.length)).toEqual({ generation: log[index - 1] ?? log[0] ?? 0, index });
        }
        expect(history.latest).toBe(log[log.length - 1] ?? 0);
      }),
    );
  });
  test('answers with the largest generation that is not above the one asked for, and its end (KIP-279)', () => {
    fc.assert(
      fc.property(logs, fc.integer({ min: 0, max: 12 }), (log, asked) => {
        const known = log.filter((generation) => generation <= asked);
        expect(historyOf(log).endOf(asked, log.length)).toEqual({
          generation: known[known.length - 1] ?? 0,
          end: known.length,
        });
      }),
    );
  });
  test('after a cut at either end is the history of what is left', () => {
    fc.assert(
      fc.property(logs, fc.nat({ max: 20 }), (log, at) => {
        const end = Math.min(at, log.length);
        expect(historyOf(log).truncated(end).starts).toEqual(historyOf(log.slice(0, end)).starts);
        if (end < log.length) expect(historyOf(log).trimmed(end).starts).toEqual(historyOf(log.slice(end), end).starts);
        else expect(historyOf(log).trimmed(end).latest).toBe(log[log.length - 1] ?? 0);
      }),
    );
  });
  test('two numbers at a time, two logs that grew under the same leaders find where they part', () => {
    // Whoever leads a generation appends to its own log; others copy it whole, or in part.
    const lives = fc.array(
      fc.record({
        leader: fc.nat({ max: 2 }),
        length: fc.nat({ max: 3 }),
        copied: fc.array(fc.nat({ max: 4 }), { minLength: 3, maxLength: 3 }),
      }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(lives, (life) => {
        const copies: number[][] = [[], [], []];
        for (const [at, { leader, length, copied }] of life.entries()) {
          const log = copies[leader]!;
          log.push(...new Array<number>(length).fill(at + 1));
          for (const [other, more] of copied.entries()) if (other !== leader) adopt(copies[other]!, log, more);
        }
        const [mine, theirs] = [copies[0]!, copies[1]!];
        const common = mine.findIndex((generation, at) => theirs[at] !== generation);
        expect(cut(mine, theirs)).toBe(common < 0 ? mine.length : common);
      }),
    );
  });
  test('tells what it has of another log from what it may get and what it never will', () => {
    const leader = historyOf([1, 1, 3, 3]);
    expect(leader.relationTo({ generation: 1, index: 2 }, 4)).toBe('has');
    expect(leader.relationTo({ generation: 3, index: 3 }, 4)).toBe('has');
    expect(leader.relationTo({ generation: 3, index: 6 }, 4)).toBe('behind');
    expect(leader.relationTo({ generation: 4, index: 5 }, 4)).toBe('behind');
    // The second leader wrote index 2, and the third did not have it.
    expect(leader.relationTo({ generation: 2, index: 3 }, 4)).toBe('lost');
    expect(leader.relationTo({ generation: 1, index: 3 }, 4)).toBe('lost');
    // A tail that nobody acknowledged stands where the position's records belong: it will be cut away.
    expect(historyOf([1, 1, 1]).relationTo({ generation: 2, index: 2 }, 3)).toBe('behind');
    expect(historyOf([2, 3], 10).relationTo({ generation: 1, index: 9 }, 12)).toBe('has');
    expect(GenerationHistory.empty.relationTo({ generation: 0, index: 0 }, 0)).toBe('has');
  });
  test('refuses what cannot be', () => {
    expect(() =>
      GenerationHistory.of([
        { generation: 2, start: 0 },
        { generation: 1, start: 3 },
      ]),
    ).toThrow(/above 2/);
    expect(() =>
      GenerationHistory.of([
        { generation: 1, start: 3 },
        { generation: 2, start: 3 },
      ]),
    ).toThrow(/at least one/);
    expect(() =>
      GenerationHistory.of([
        { generation: 1, start: 3 },
        { generation: 1, start: 4 },
      ]),
    ).toThrow(/once/);
    expect(() => historyOf([1]).positionAt(2, 1)).toThrow(/within/);
  });
});

function adopt(copy: number[], log: readonly number[], more: number): void {
  const parts = copy.findIndex((generation, at) => log[at] !== generation);
  copy.length = parts < 0 ? Math.min(copy.length, log.length) : parts;
  copy.push(...log.slice(copy.length, copy.length + more));
}

/** What a follower does with the answers of a leader. */
function cut(mine: readonly number[], theirs: readonly number[]): number {
  let history = historyOf(mine);
  let end = mine.length;
  for (let round = 0; ; round++) {
    expect(round).toBeLessThan(20);
    const known = historyOf(theirs).endOf(history.latest, theirs.length);
    if (known.generation === history.latest && end <= known.end) return end;
    end = Math.min(known.end, history.endOf(known.generation, end).end);
    history = history.truncated(end);
  }
}
