import { describe, expect, test } from 'vitest';
import { repoOf } from '../repo.js';
import { globals } from './globals.js';

const problems = (text: string, path = 'packages/patterns/src/a.ts'): string[] =>
  globals.check(repoOf({ [path]: text })).map(({ line, message }) => `${line} ${message}`);

describe('refused in pure code is', () => {
  test.each([
    ['const t = Date.now();', 'Date'],
    ['const t = new Date();', 'Date'],
    ['performance.now();', 'performance'],
    ['setTimeout(() => {}, 1);', 'setTimeout'],
    ['setInterval(() => {}, 1);', 'setInterval'],
    ['setImmediate(() => {});', 'setImmediate'],
    ['queueMicrotask(() => {});', 'queueMicrotask'],
    ['const r = Math.random();', 'Math.random'],
    ["const r = Math['random']();", 'Math.random'],
    ['const { random } = Math;', 'Math.random'],
    ['const { random: r } = Math;', 'Math.random'],
    ['crypto.getRandomValues(a);', 'crypto'],
    ['process.exit(1);', 'process'],
    ['const b = Buffer.from("");', 'Buffer'],
    ['const b = { from: Buffer };', 'Buffer'],
    ['const b = { Buffer };', 'Buffer'],
    ['AbortSignal.any([]);', 'AbortSignal.any'],
    ['AbortSignal.timeout(5);', 'AbortSignal.timeout'],
    ['globalThis.setTimeout(f, 1);', 'setTimeout'],
    ["(globalThis as any)['process'].exit();", 'process'],
    ['const { Date: D } = globalThis;', 'Date'],
    ['function f(now = Date.now()) {}', 'Date'],
    ['class A { at = performance.now(); }', 'performance'],
    ['class A { [process.pid]() {} }', 'process'],
    ['{ const process = 1; }\nprocess;', 'process'],
    ['const f = (Date: number) => Date;\nDate.now();', 'Date'],
    [`const x = \`\${Date.now()}\`;`, 'Date'],
    ['function f() { for (const process of all) {} return process; }', 'process'],
    ['function f() { const g = () => { var process = 1; }; return process; }', 'process'],
    ['label: for (;;) { const y = Date; break label; }', 'Date'],
  ])('%s', (text, name) => {
    const found = problems(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`uses ${name}; use `);
  });
});

describe('allowed in pure code is', () => {
  test.each([
    ['// Date.now()\n/* process */ const s = "setTimeout(Math.random)";', 'what is only text'],
    ['Math.max(1, 2); const { max } = Math;', 'the rest of Math'],
    ['const a = new AbortController(); a.signal; AbortSignal.abort();', 'the rest of AbortSignal'],
    ['function f(process: { pid: number }) { return process.pid; }', 'a parameter of that name'],
    ['import { performance } from "./a.ts"; performance();', 'an import of that name'],
    ['const { crypto } = options; { use(crypto); }', 'a variable of that name'],
    ['for (const process of all) process.kill();', 'a loop variable of that name'],
    ['function f() { if (a) { for (var process = 1; ; ) {} } return process; }', 'what var declares further in'],
    ['try {} catch (process) { process; }', 'a caught error of that name'],
    ['class Date {} new Date();', 'a class of that name'],
    ['env.clock.process(); const o = { process: 1, setTimeout() {} }; o.Buffer;', 'a property of that name'],
    ['let x: Date | Buffer; type P = typeof process;', 'a type'],
    ['export { a as process }; const a = 1;', 'an export of that name'],
  ])('%s (%s)', (text) => expect(problems(text)).toEqual([]));
});

test('the line is told', () => expect(problems('\n\nDate.now();')[0]).toMatch(/^3 /));

test('code that may touch the world is left alone', () => {
  for (const path of [
    'packages/env/src/node/a.ts',
    'packages/quorate/src/a.ts',
    'packages/gateways/src/a.ts',
    'tools/a.js',
    'tests/a.ts',
  ]) {
    expect(problems('Date.now(); process.exit();', path)).toEqual([]);
  }
});

test('tests of pure code may read settings and clocks, but neither wait nor throw dice', () => {
  const path = 'packages/sim/src/a.test.ts';
  expect(problems('process.env; performance.now(); Buffer.from("");', path)).toEqual([]);
  expect(problems('await new Promise((done) => setTimeout(done, 10)); Math.random();', path)).toHaveLength(2);
});

test('a named exception holds for its file and its name, and must be used', () => {
  const path = 'packages/sim/src/engine/drain.ts';
  expect(problems('globalThis.process; new MessageChannel();', path)).toEqual([]);
  expect(problems('globalThis.process; new MessageChannel(); Date.now();', path)).toHaveLength(1);
  expect(problems('new MessageChannel();', path)[0]).toContain('no longer uses process; remove its exception');
});
