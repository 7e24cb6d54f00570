import { readFileSync } from 'node:fs';
import vm from 'node:vm';
import { describe, expect, test } from 'vitest';
import { parseModule } from '../module.js';
import { instrument, SWITCH } from './instrument.js';
import { mutantsOf } from './mutants.js';

const mutated = (text: string): string[] => mutantsOf('a.ts', text).map((mutant) => mutant.mutated);

describe('tried in place of', () => {
  test.each([
    ['x = a + b;', ['', 'x = a - b;']],
    ["x = a + 'b';", ['']],
    ['x = a % b;', ['', 'x = a * b;']],
    ['x = a >>> b;', ['', 'x = a >> b;']],
    ['x = a < b;', ['', 'x = a <= b;', 'x = a >= b;']],
    ['x = a === b;', ['', 'x = a !== b;']],
    ['x = a && b;', ['', 'x = a;', 'x = b;']],
    ['x = a > b || !c;', ['', 'x = a > b;', 'x = !c;', 'x = true;', 'x = a >= b || !c;']],
    ['x = a ?? b;', ['', 'x = a;', 'x = b;']],
    ['x = !a;', ['', 'x = a;']],
    ['x = -a;', ['', 'x = a;']],
    ['x = -1;', ['', 'x = 1;']],
    ['const x = 5;', ['const x = 6;', 'const x = 4;']],
    ['const x = 0.5;', ['const x = 1.5;']],
    ['const x = 3000000000;', ['const x = 3000000001;']],
    ['const x = 5n;', ['const x = 6n;']],
    ['const x = false;', ['const x = true;']],
    ['x += y;', ['', 'x -= y;']],
    ['x ??= y;', ['', 'x = y;']],
    ['x++;', ['', 'x--;']],
    ['call(a);', ['']],
    ['const x = a.some(f);', ['const x = a.every(f);']],
    ['const x = a.filter(f);', ['const x = a;']],
    ['const x = Math.max(a, b);', ['const x = Math.min(a, b);']],
    ['const x = a?.b?.[c]?.(d);', ['const x = a?.b?.[c](d);', 'const x = a?.b[c]?.(d);', 'const x = a.b?.[c]?.(d);']],
    ['if (a < b) f();', ['if (true) f();', 'if (false) f();', 'if (a <= b) f();']],
    ['if (a && b === c) f();', ['if (true) f();', 'if (false) f();', 'if (a) f();', 'if (b === c) f();']],
    ['if (!a) { f(); }', ['if (true) { f(); }', 'if (false) { f(); }']],
    [
      'if (a) { f(); g(); }',
      ['if (true) { f(); g(); }', 'if (false) { f(); g(); }', 'if (a) { g(); }', 'if (a) { f(); }'],
    ],
    ['while (a > b) f();', ['while (false) f();', 'while (a >= b) f();']],
    ['for (const a of b) f(a);', ['for (const a of []) f(a);']],
    ['const x = a ? b : c;', ['const x = true ? b : c;', 'const x = false ? b : c;']],
    ['const f = () => a;', ['const f = () => undefined;']],
    ['function f() { return g(); }', ['function f() { return undefined; }']],
    ['function f(a = 1) {}', ['function f(a = 2) {}', 'function f(a = 0) {}']],
    ['assert(a > 0, text(a - 1));', ['', 'assert(a >= 0, text(a - 1));', 'assert(a > 1, text(a - 1));']],
  ])('%s', (text, expected) => {
    expect(mutated(text).sort()).toEqual(expected.map((each) => each.trim()).sort());
  });
  test.each([
    ['types', 'type A = 1 | 2; interface B { readonly c: 3 } const d = e as 4;'],
    [
      'imports and the words of an error',
      "import a from 'b'; export { c } from 'd'; throw new RangeError(text(1 + 2));",
    ],
    ['names of members', 'const a = { b: c }; const { d } = e;'],
    [
      'calls that the language wants, and what cannot be reached',
      'class A extends B { constructor() { super(c); unreachable(d); } }',
    ],
    ['nothing returned', 'function f() { return undefined; }'],
  ])('nothing: %s', (_what, text) => {
    expect(mutated(text)).toEqual([]);
  });
});

test('a mutant is known by its function and its line, and counted where these are the same', () => {
  const text = 'class A {\n  #b() {\n    f(1);\n    f(1);\n  }\n}\nconst g = () => {\n  h(2);\n};\n';
  const known = mutantsOf('a.ts', text).map(({ function: name, line, original, mutated: to, nth }) => [
    name,
    line,
    original,
    to,
    nth,
  ]);
  expect(known).toEqual([
    ['A.#b', 3, 'f(1);', '', 1],
    ['A.#b', 3, 'f(1);', 'f(2);', 1],
    ['A.#b', 3, 'f(1);', 'f(0);', 1],
    ['A.#b', 4, 'f(1);', '', 2],
    ['A.#b', 4, 'f(1);', 'f(2);', 2],
    ['A.#b', 4, 'f(1);', 'f(0);', 2],
    ['g', 8, 'h(2);', '', 1],
    ['g', 8, 'h(2);', 'h(3);', 1],
    ['g', 8, 'h(2);', 'h(1);', 1],
  ]);
});

/** What a script gives when the mutant of that number is on. It calls `step` in loops, which ends those that would run on. */
function outcomeOf(text: string, active = -1): unknown {
  let steps = 0;
  const step = (): void => {
    if (++steps > 1000) throw new Error('runs on');
  };
  try {
    const realm = { [SWITCH]: (id: number) => id === active, step };
    return JSON.stringify(vm.runInNewContext(`${text}\nresult`, realm));
  } catch (error) {
    return String(error);
  }
}

test('a program with all mutants in it does as each of them would by itself', () => {
  const text = `
const seen = [];
class Counter {
  #at = 3;
  step(by = 1) {
    if (by > 2 && this.#at !== 4) return;
    this.#at += by * 2;
    if (by === 2) seen.push('two', this.#at); else seen.push(this.#at - 1);
  }
  get at() { return this.#at; }
}
const counter = new Counter();
for (const by of [1, 2, 3].filter((each) => each < 3)) counter.step(by);
for (let i = 0; i < 3; i++) {
  step();
  seen.push(i ? -i : counter?.at ?? 7);
}
const largest = (items) => items.reduce((a, b) => Math.max(a, b), 0);
const result = [seen, largest([2, 5, 3]), seen.some((each) => each === 'two') || !seen.length];`;
  const mutants = mutantsOf('a.js', text);
  const instrumented = instrument(
    text,
    mutants.map((mutant, id) => ({ id, mutant })),
  );
  const sound = outcomeOf(text);
  expect(outcomeOf(instrumented)).toBe(sound);
  let different = 0;
  for (const [id, { start, end, replacement }] of mutants.entries()) {
    const alone = outcomeOf(text.slice(0, start) + replacement + text.slice(end));
    expect([id, outcomeOf(instrumented, id)]).toEqual([id, alone]);
    if (alone !== sound) different++;
  }
  expect([mutants.length > 60, different > mutants.length / 2]).toEqual([true, true]);
});

test('every mutant of a real kernel is a program', () => {
  const path = '../../packages/patterns/src/election/emergent-leader.ts';
  const text = readFileSync(new URL(path, import.meta.url), 'utf8');
  const mutants = mutantsOf(path, text);
  expect(mutants.length).toBeGreaterThan(100);
  for (const { start, end, replacement } of mutants)
    parseModule(path, text.slice(0, start) + replacement + text.slice(end));
  parseModule(
    path,
    instrument(
      text,
      mutants.map((mutant, id) => ({ id, mutant })),
    ),
  );
});
