import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { globalsOf, runInBrowserRealm, WEB_GLOBALS } from '../../tools/browser-realm.js';
import { bundle } from '../../tools/bundle.js';
import { examplesOf, moduleOf } from '../../tools/readme-examples.js';
import { openRepo } from '../../tools/repo.js';
import { scenario } from './cluster-in-browser.fixture.ts';

const repo = openRepo(fileURLToPath(new URL('../..', import.meta.url)));

/** Every subpath that must run where there is no Node.js: all of them but the implementation for Node.js. */
const SUBPATHS = repo.paths.flatMap((path) => {
  const found = /^packages\/(patterns|env|sim|cluster)\/src\/(?:(.+)\/)?index\.ts$/.exec(path);
  if (found === null || path === 'packages/env/src/node/index.ts') return [];
  return [found[2] === undefined ? `@quorate/${found[1]}` : `@quorate/${found[1]}/${found[2]}`];
});

/** Asked for, and done without where they are missing, as they are in these realms. */
const OPTIONAL: Record<string, readonly string[]> = {
  SuppressedError: ['@quorate/cluster'],
  process: ['@quorate/sim/world'],
  // Taken as a whole, to put stubs in place of whatever clocks and chance it has while a simulation runs.
  globalThis: ['@quorate/sim/world'],
};

/** What an application takes from the browser, and hands to patterns. */
const FOR_EXAMPLES = ['clearTimeout', 'crypto', 'performance', 'setTimeout'];

const mayDoWithout = (subpath: string, name: string): boolean =>
  OPTIONAL[name]?.some((prefix) => subpath === prefix || subpath.startsWith(`${prefix}/`)) ?? false;

describe('in a realm with nothing of Node.js', () => {
  test.each(SUBPATHS)('%s has all its exports, and asks for nothing that a browser lacks', async (subpath) => {
    const { code, exports } = await bundle(`export * from '${subpath}';`);
    const asked = globalsOf(code).filter((name) => !mayDoWithout(subpath, name));
    expect(asked.filter((name) => !WEB_GLOBALS.includes(name))).toEqual([]);
    const module = await runInBrowserRealm(code, asked);
    expect(Object.keys(module).sort()).toEqual([...exports].sort());
    expect(exports.filter((name) => module[name] === undefined)).toEqual([]);
  });

  const examples = examplesOf(repo).filter(({ path }) => /^packages\/(patterns|env|sim|cluster)\//.test(path));
  test.each(examples.map((example) => [`${example.path}:${example.line}`, example] as const))(
    'the example of %s runs',
    async (_place, example) => {
      const bundled = await bundle(moduleOf(example));
      await runInBrowserRealm(bundled.code, [...WEB_GLOBALS, ...FOR_EXAMPLES]);
    },
  );

  test('a cluster of three survives its leader, step by step as it does on Node.js', async () => {
    const { code } = await bundle("export { scenario } from './packages/cluster-in-browser.fixture.ts';");
    const there = await runInBrowserRealm(code, WEB_GLOBALS);
    const outcome = await there['scenario'](7n);
    expect(outcome).toEqual({ read: 'hello', killed: expect.stringMatching(/^[abc]$/), digest: expect.any(String) });
    expect(outcome).toEqual(await scenario(7n));
  });
});

describe('the check fails', () => {
  test('on an import of Node.js, however deep', async () => {
    await expect(bundle("export { readFileSync } from 'node:fs';")).rejects.toThrow("Could not resolve 'node:fs'");
    await expect(bundle("export { createNodeEnv } from '@quorate/env/node';")).rejects.toThrow(
      "Could not resolve 'node:",
    );
  });
  test.each([
    ['export const a = process.pid;', 'process'],
    ['export const a = () => Buffer.alloc(1);', 'Buffer'],
    ['export class A { b() { setImmediate(() => {}); } }', 'setImmediate'],
    ['export const a = globalThis.process?.env;', 'process'],
    ['export const a = { [Symbol.dispose]() {} };', 'Symbol.dispose'],
    ['export const a = (f: Function) => f.apply(null, globalThis as never);', 'globalThis'],
  ])('on %s', async (code, name) => {
    expect(globalsOf((await bundle(code)).code)).toEqual([name]);
  });
  test('because nothing of Node.js is there', async () => {
    const { code } = await bundle(
      'export const kinds = [typeof process, typeof Buffer, typeof setImmediate, typeof console];',
    );
    const { kinds } = await runInBrowserRealm(code, []);
    expect([...kinds]).toEqual(['undefined', 'undefined', 'undefined', 'undefined']);
    await expect(runInBrowserRealm('process.exit(3);', WEB_GLOBALS)).rejects.toThrow('process is not defined');
  });
});
