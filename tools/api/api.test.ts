import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { differenceOf } from './pages.js';
import { surfacesOf } from './surface.js';

const surfaceOf = (files: Record<string, string>) =>
  surfacesOf(new Map([['@quorate/a', 'dist/index.d.ts']]), (path) => files[path] ?? expect.fail(`reads ${path}`))[0]!;

describe('the surface of a subpath', () => {
  test('lists what is exported by name, wherever it is declared, without comments and private members', () => {
    const { exported, used } = surfaceOf({
      'dist/index.d.ts': "export { b, type A } from './a.ts';\nexport { C as D } from './a.ts';",
      'dist/a.d.ts': `
/** What it is. */
export declare class C {
    #private;
    private hidden;
    /** Why. */
    get size(): number; // bytes
}
export declare function b(): void;
export declare function b(x: number): string;
export interface A {
    readonly x: 'a // b';
}
export interface Other {
}`,
    });
    expect(exported).toEqual([
      "interface A {\n  readonly x: 'a // b';\n}",
      'export { C as D };',
      'class C {\n  get size(): number;\n}',
      'function b(): void;',
      'function b(x: number): string;',
    ]);
    expect(used).toEqual([]);
  });
  test('lists types that are spoken of though nobody can import them, however far away', () => {
    const { exported, used } = surfaceOf({
      'dist/index.d.ts': "export { f } from './f.ts';",
      'dist/f.d.ts':
        "import type * as g from './g.ts';\nimport type { X } from '@quorate/x';\nexport declare function f(x: X): g.G<H>;\ntype H = number;\ntype Unused = 1;\nexport {};",
      'dist/g.d.ts': 'export interface G<T> extends Base {\n    t: T;\n}\nexport interface Base {\n}',
    });
    expect(exported).toEqual(['function f(x: X): g.G<H>;']);
    expect(used).toEqual(['interface Base {\n}', 'interface G<T> extends Base {\n  t: T;\n}', 'type H = number;']);
  });
  test('lists a type once, where it can be imported', () => {
    const files = new Map([
      ['@quorate/a/b', 'dist/b/index.d.ts'],
      ['@quorate/a/c', 'dist/c/index.d.ts'],
    ]);
    const texts: Record<string, string> = {
      'dist/b/index.d.ts': "export { type B } from './b.ts';\nexport { z } from 'zed';",
      'dist/b/b.d.ts': 'export type B = 1;',
      'dist/c/index.d.ts': "export type { C } from './c.ts';",
      'dist/c/c.d.ts': "import { type B } from '../b/b.ts';\nexport type C = B;",
    };
    expect(surfacesOf(files, (path) => texts[path]!)).toEqual([
      { specifier: '@quorate/a/b', exported: ['type B = 1;', "export { z } from 'zed';"], used: [] },
      { specifier: '@quorate/a/c', exported: ['type C = B;'], used: [] },
    ]);
  });
  test('shows a union the same, whatever comments stand in it', () => {
    const lines = [
      '{ readonly kind: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }',
      '{ readonly kind: "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" }',
    ];
    const shown = (type: string) =>
      surfaceOf({ 'dist/index.d.ts': `export type LongNamedEffect<T extends string> =${type};` }).exported;
    const expected = [`type LongNamedEffect<T extends string> =\n  | ${lines[0]}\n  | ${lines[1]};`];
    expect(shown(` ${lines.join(' | ')}`)).toEqual(expected);
    expect(shown(`\n/** A. */\n| ${lines.join('\n/** B. */\n| ').replaceAll('" }', '";\n}')}`)).toEqual(expected);
  });
  test('cannot be read when it names what is not there', () => {
    expect(() => surfaceOf({ 'dist/index.d.ts': "export { a } from './a.ts';", 'dist/a.d.ts': '' })).toThrow(
      'dist/a.d.ts exports no a; build anew',
    );
  });
});

test('a difference lists the lines that one side lacks', () => {
  expect(differenceOf('a\nb\nb\nc\n', 'b\na\nd\n')).toEqual(['- b', '- c', '+ d']);
  expect(differenceOf('a\n', 'a\n')).toEqual([]);
});

describe('the check', () => {
  const root = mkdtempSync(join(tmpdir(), 'quorate-api-'));
  afterAll(() => rmSync(root, { recursive: true }));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const run = (...words: string[]) =>
    spawnSync(process.execPath, [fileURLToPath(new URL('./main.js', import.meta.url)), root, ...words], {
      encoding: 'utf8',
    });
  const page = 'docs/api/patterns/time.md';
  execFileSync('git', ['init', '--quiet'], { cwd: root });
  write('.gitignore', 'dist/\n');
  write('packages/patterns/src/time/index.ts', "export { tick } from './tick.ts';");
  write('packages/patterns/dist/time/index.d.ts', "export { tick } from './tick.ts';");
  write('packages/patterns/dist/time/tick.d.ts', 'export declare function tick(): void;');

  test('fails when nothing is recorded, and writes nothing', () => {
    const { status, stdout } = run('--check');
    expect(status).toBe(1);
    expect(stdout).toContain('run npm run api');
    expect(existsSync(join(root, page))).toBe(false);
  });
  test('passes on what was recorded', () => {
    expect(run().stdout).toBe('1 subpaths, 1 pages written, 0 removed\n');
    expect(readFileSync(join(root, page), 'utf8')).toContain('```ts\nfunction tick(): void;\n```');
    expect(run('--check')).toMatchObject({ status: 0, stdout: '1 subpaths, 0 not as recorded\n' });
  });
  test('fails when a signature changes, and shows it', () => {
    write('packages/patterns/dist/time/tick.d.ts', 'export declare function tick(by: number): void;');
    const { status, stdout } = run('--check');
    expect(status).toBe(1);
    expect(stdout).toContain(`${page}: the public API is not as recorded
    - function tick(): void;
    + function tick(by: number): void;
If that is meant, run npm run api`);
  });
  test('fails when a recorded subpath is gone, and recording removes its page', () => {
    rmSync(join(root, 'packages/patterns/src/time'), { recursive: true });
    expect(run('--check')).toMatchObject({ status: 1, stdout: expect.stringContaining(`${page}: what it records`) });
    expect(run().stdout).toBe('0 subpaths, 0 pages written, 1 removed\n');
    expect(run('--check').status).toBe(0);
  });
});
