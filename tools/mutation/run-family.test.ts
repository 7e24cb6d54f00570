import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openRepo } from '../repo.js';
import { familiesOf } from './family.js';
import { Results } from './results.js';
import { runFamily } from './run-family.js';

const root = mkdtempSync(join(tmpdir(), 'quorate-mutants-'));
afterAll(() => rmSync(root, { recursive: true }));
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
execFileSync('git', ['init', '--quiet'], { cwd: root });
write('packages/patterns/src/toy/index.ts', "export { sumTo, unused } from './toy.ts';\n");
write(
  'packages/patterns/src/toy/toy.ts',
  `export function sumTo(n: number): number {
  let sum = 0;
  for (let i = 1; i <= n; i++) sum += i;
  return sum;
}
export const atMost = (a: number, b: number): number => (a < b ? a : b);
export const unused = (a: number): boolean => a > 7;
`,
);
write(
  'packages/patterns/src/toy/toy.test.ts',
  `import { describe, expect, test } from 'vitest';
import { atMost, sumTo } from './toy.ts';
let prepared = false;
describe('sums', () => {
  test('prepares', () => { prepared = true; });
  test.each([[1, 1], [2, 3], [3, 6]])('of %i', (n, expected) => {
    expect(prepared).toBe(true);
    expect(sumTo(n)).toBe(expected);
  });
  test('waits', async () => { await Promise.resolve(); expect(atMost(1, 2)).toBe(1); expect(atMost(4, 3)).toBe(3); });
});
`,
);

function run(options: { isOver?: () => boolean; sample?: { count: number; seed: number } } = {}) {
  const repo = openRepo(root);
  const results = new Results(join(root, 'out.jsonl'), { isFresh: false });
  const said: string[] = [];
  const say = (text: string): void => void said.push(text);
  const recordingsFile = join(root, 'recorded.json');
  const settings = {
    results,
    recordingsFile,
    workers: 1,
    isWanted: () => true,
    isOver: () => false,
    sample: undefined,
    say,
    ...options,
  };
  return runFamily(repo, familiesOf(repo)[0]!, settings).then((outcome) => ({ ...outcome, said }));
}
const outcomes = ({ tried }: Awaited<ReturnType<typeof run>>) =>
  Object.fromEntries(tried.map(({ mutant, result }) => [mutant.mutated, result.outcome]));

describe('a family', () => {
  test('is found with its sources and tests', () => {
    expect(familiesOf(openRepo(root))).toEqual([
      { name: 'toy', sources: ['packages/patterns/src/toy/toy.ts'], tests: ['packages/patterns/src/toy/toy.test.ts'] },
    ]);
  });
  test('says what became of each mutant, also of those that never end, and of tests that need each other', async () => {
    const { said, ...first } = await run();
    expect(outcomes({ said, ...first })).toEqual({
      'let sum = 1;': 'killed',
      'for (let i = 1; false; i++) sum += i;': 'killed',
      'for (let i = 1; i < n; i++) sum += i;': 'killed',
      'for (let i = 1; i <= n; i--) sum += i;': 'ran-on',
      'for (let i = 2; i <= n; i++) sum += i;': 'killed',
      // Nothing is added by it.
      'for (let i = 0; i <= n; i++) sum += i;': 'survived',
      'for (let i = 1; i <= n; i++) sum -= i;': 'killed',
      'return undefined;': 'killed',
      'export const atMost = (a: number, b: number): number => (true ? a : b);': 'killed',
      'export const atMost = (a: number, b: number): number => (false ? a : b);': 'killed',
      // The same for equal numbers.
      'export const atMost = (a: number, b: number): number => (a <= b ? a : b);': 'survived',
      'export const unused = (a: number): boolean => a >= 7;': 'not-covered',
      'export const unused = (a: number): boolean => a <= 7;': 'not-covered',
      'export const unused = (a: number): boolean => a > 8;': 'not-covered',
      'export const unused = (a: number): boolean => a > 6;': 'not-covered',
    });
    expect(said.at(-1)).toMatch(/^toy: 15 of 15: /);
  });
  test('goes on where a run ended, and asks again only what may have changed', async () => {
    const again = await run();
    expect([again.tried.length, again.said]).toEqual([15, []]);
    const file = join(root, 'out.jsonl');
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    writeFileSync(file, `${lines.slice(0, 10).join('\n')}\n${lines[10]!.slice(0, 40)}`);
    const rest = await run();
    expect(rest.tried.length).toBe(15);
    expect(rest.said.at(-1)).toMatch(/^toy: 5 of 5: /);
    write(
      'packages/patterns/src/toy/more.test.ts',
      "import { expect, test } from 'vitest';\nimport { unused } from './toy.ts';\ntest('is used', () => expect(unused(7)).toBe(false));\n",
    );
    const more = await run();
    expect(more.said.at(-1)).toMatch(/^toy: 6 of 6: /);
    expect(outcomes(more)).toMatchObject({ 'export const unused = (a: number): boolean => a >= 7;': 'killed' });
  });
  test('is left where it is when time is over, and can be sampled', async () => {
    rmSync(join(root, 'out.jsonl'));
    expect(await run({ isOver: () => true })).toMatchObject({ tried: [], left: 15 });
    expect((await run({ sample: { count: 4, seed: 3 } })).tried.length).toBe(4);
  });
  test('is not tried while one of its files asks for what the worker does not have', async () => {
    const path = 'packages/patterns/src/toy/asking.test.ts';
    write(path, "import { afterAll, test } from 'vitest';\nafterAll(() => {});\ntest('asks', () => {});\n");
    await expect(run()).rejects.toThrow(/asking\.test\.cjs cannot be run here: .*afterAll/);
    rmSync(join(root, path));
  });
  test('is not tried while one of its tests fails by itself', async () => {
    rmSync(join(root, 'out.jsonl'));
    write(
      'packages/patterns/src/toy/wrong.test.ts',
      "import { expect, test } from 'vitest';\ntest('is wrong', () => expect(1).toBe(2));\n",
    );
    await expect(run()).rejects.toThrow('"is wrong" fails without any mutant: expected 1 to be 2');
  });
});
