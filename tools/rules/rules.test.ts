import { describe, expect, test } from 'vitest';
import { completed } from '../lockfile.js';
import { repoOf } from '../repo.js';
import type { Rule } from '../types.ts';
import { cycles } from './cycles.js';
import { exportsByName } from './exports.js';
import { families } from './families.js';
import { leftovers } from './leftovers.js';
import { links } from './links.js';
import { mutants } from './mutants.js';
import { names } from './names.js';
import { packages } from './packages.js';
import { places } from './places.js';
import { sizes } from './sizes.js';
import { syntax } from './syntax.js';

type Files = Readonly<Record<string, string>>;
const problems = (rule: Rule, files: Files): string[] =>
  rule.check(repoOf(files)).map(({ path, line, message }) => `${path}:${line} ${message}`);

/** The rule has nothing to say about the good files, and one thing about the bad ones. */
const shows = (rule: Rule, bad: Files, message: string, good: Files): void => {
  expect(problems(rule, good)).toEqual([]);
  const found = problems(rule, bad);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(message);
};
const src = 'packages/patterns/src';

describe('cycles', () => {
  const rest = {
    [`${src}/b.ts`]: "export { c } from './d/c.ts';",
    [`${src}/d/c.ts`]: "import { a } from '../a.ts'; export const c = a;",
  };
  test('a file that needs itself by a long way round is found', () =>
    shows(
      cycles,
      { ...rest, [`${src}/a.ts`]: "import { c } from './b.ts'; export const a = 1;" },
      `${src}/a.ts:0 is part of an import cycle: ${src}/a.ts → ${src}/b.ts → ${src}/d/c.ts → ${src}/a.ts`,
      { ...rest, [`${src}/a.ts`]: 'export const a = 1;' },
    ));
  test('types may go round: they are gone at run time', () =>
    expect(
      problems(cycles, {
        ...rest,
        [`${src}/a.ts`]: "import type { c } from './b.ts'; import { type c as d } from './b.ts';",
      }),
    ).toEqual([]));
  test('a file that imports itself is found', () =>
    expect(problems(cycles, { 'tools/a.js': "import './a.js';" })).toHaveLength(1));
});

describe('exports', () => {
  const good = {
    [`${src}/index.ts`]: "export { a, type B } from './a.ts';\nexport type { C } from './a.ts';",
    [`${src}/a.ts`]: 'export const a = 1;',
  };
  test.each([
    ['export *', 'a.ts', "export * from './b.ts';", 'export * hides'],
    ['export * as', 'a.ts', "export * as b from './b.ts';", 'export * hides'],
    ['a default export', 'a.ts', 'export default 1;', 'default export'],
    ['a default export in disguise', 'a.ts', 'const a = 1; export { a as default };', 'default export'],
    ['export =', 'a.ts', 'export = 1;', 'export = is not for ESM'],
    ['an enum', 'a.ts', 'export enum A { B }', 'enum A'],
    ['an enum of its own', 'a.ts', 'const enum A { B }', 'enum A'],
    ['a namespace', 'a.ts', 'export namespace A { export const b = 1; }', 'namespace A'],
    ['code in an index', 'index.ts', 'export const a = 1;', 'an index.ts only names its exports'],
    [
      'an import in an index',
      'b/index.ts',
      "import { a } from './a.ts'; export { a };",
      'an index.ts only names its exports',
    ],
  ])('%s is found', (_name, file, text, message) => {
    const found = problems(exportsByName, { [`${src}/${file}`]: text });
    expect(found[0]).toContain(`${src}/${file}:1 `);
    expect(found[0]).toContain(message);
  });
  test('named exports are fine, and whatever is not published', () => {
    expect(
      problems(exportsByName, { ...good, 'vitest.config.ts': 'export default {};', [`${src}/a.test.ts`]: 'enum A {}' }),
    ).toEqual([]);
  });
});

describe('families', () => {
  const readme = `${src}/toys/top/README.md`;
  const good = {
    [`${src}/base/index.ts`]: '',
    [`${src}/toys/top/index.ts`]: '',
    [readme]: "# Tops\n```ts run\nimport { spin } from '@quorate/patterns/toys/top';\n```\n",
    'docs/catalogue.md': '# All\n\n## toys\n\n| top | `@quorate/patterns/toys/top` |\n\n## more\n',
    'examples/toys/main.ts': '',
    'examples/README.md': '| [toys](toys) |\n',
  };
  const without = (path: string): string[] =>
    problems(families, Object.fromEntries(Object.entries(good).filter(([each]) => each !== path)));

  test('that can be found and show something that runs are fine', () => expect(problems(families, good)).toEqual([]));
  test.each([
    [readme, `${readme}:0 @quorate/patterns/toys/top has no README: which problem, which pattern, when not`],
    [
      'docs/catalogue.md',
      'docs/catalogue.md:0 has no section toys: a row for each pattern of @quorate/patterns/toys/top',
    ],
    ['examples/toys/main.ts', 'examples/toys:0 is missing: an example of @quorate/patterns/toys/top to run'],
    ['examples/README.md', 'examples/README.md:0 does not name examples/toys'],
  ])('without %s are named', (path, problem) => expect(without(path)).toContain(problem));
  test('that stand in another section of the catalogue are named', () => {
    const elsewhere = '## toys\n\n## more\n\n| top | `@quorate/patterns/toys/top` |\n';
    expect(problems(families, { ...good, 'docs/catalogue.md': elsewhere })).toEqual([
      'docs/catalogue.md:0 does not name @quorate/patterns/toys/top in its section toys',
    ]);
  });
  test.each([
    ['is not run', "```ts\nimport { spin } from '@quorate/patterns/toys/top';\n```\n"],
    ['is of another family', "```ts run\nimport { assert } from '@quorate/patterns/base';\n```\n"],
  ])('are named when their example %s', (_what, text) => {
    expect(problems(families, { ...good, [readme]: text })).toEqual([
      `${readme}:0 has no example that is run: a block fenced as "ts run" that imports @quorate/patterns/toys/top`,
    ]);
  });
});

describe('leftovers', () => {
  test.each([
    ['test.only("a", f);'],
    ['describe.skip("a", f);'],
    ['it.todo("a");'],
    ['test.concurrent.only.each([1])("a", f);'],
    ['test.fails("a", f);'],
    ['xit("a", f);'],
    ['const t = suite.skip;'],
  ])('%s is found', (text) => {
    const [found] = problems(leftovers, { [`${src}/a.test.ts`]: `\n${text}` });
    expect(found).toContain(`${src}/a.test.ts:2 `);
    expect(found).toContain('is left in');
  });
  test('conditions, other objects and text are fine', () => {
    const text =
      'test.skipIf(!there)("a", f); describe.runIf(x)("b", f); stream.skip(3); test("c", f); // test.only("d", f)';
    expect(problems(leftovers, { [`${src}/a.test.ts`]: text, [`${src}/b.ts`]: 'test.only()' })).toEqual([]);
  });
});

describe('links', () => {
  const files = { 'docs/b.md': '# The Title\n## `code` and (more)\n## The title\n', 'packages/x/a.ts': '' };
  test.each([
    ['to no file', '[x](docs/c.md)', 'leads nowhere (there is no docs/c.md)'],
    ['to no heading', '[x](docs/b.md#nowhere)', 'docs/b.md has no heading #nowhere'],
    ['to no heading of the same file', '[x](#nowhere)', 'has no heading #nowhere'],
    ['out of the repository', '[x](../elsewhere.md)', 'leaves the repository'],
    ['from the root of something', '[x](/docs/b.md)', 'is absolute'],
    ['of a picture', '![x](x.png)', 'leads nowhere'],
    ['by reference', '[x]: docs/c.md', 'leads nowhere'],
  ])('a link %s is found', (_name, text, message) => {
    const found = problems(links, { ...files, 'README.md': `# A\n\n${text}` });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain('README.md:3 ');
    expect(found[0]).toContain(message);
  });
  test('links that lead somewhere are fine, and what only looks like one', () => {
    const text =
      '# A b\n[x](docs/b.md#the-title), [x](docs/b.md#code-and-more), [x](docs/b.md#the-title-1), [x](#a-b), [x](docs/), [x](packages/x)\n' +
      '[x](https://example.org/nowhere) `[x](nowhere)`\n```ts\nf[0](nowhere)\n```\n[y]: ./docs/b.md\n';
    expect(problems(links, { ...files, 'README.md': text })).toEqual([]);
  });
});

describe('mutants', () => {
  const code = {
    [`${src}/toy/index.ts`]: "export { f } from './toy.ts';",
    [`${src}/toy/toy.ts`]: 'export const f = (a: number): boolean => a > b;',
  };
  const entry = {
    file: 'toy.ts',
    function: 'f',
    original: 'export const f = (a: number): boolean => a > b;',
    mutated: 'export const f = (a: number): boolean => a >= b;',
    reason: 'b is never one of the numbers',
  };
  const file = 'tools/mutation/accepted/toy.json';

  test('that are accepted are there', () => {
    expect(problems(mutants, { ...code, [file]: JSON.stringify([entry]) })).toEqual([]);
    expect(problems(mutants, { ...code, [file]: JSON.stringify([{ ...entry, function: 'g' }]) })).toEqual([
      `${file}:0 toy.ts, g: ${entry.original} → ${entry.mutated}: there is no such mutant any more; remove it`,
    ]);
  });
  test('are accepted in families that are there', () => {
    expect(problems(mutants, { [file]: '[]' })).toEqual([`${file}:0 there is no family of this name; remove it`]);
  });
});

describe('names', () => {
  test.each([
    ['a folder', { [`${src}/utils/a.ts`]: '' }, '"utils" says nothing'],
    ['a file', { [`${src}/helpers.ts`]: '' }, '"helpers.ts" says nothing'],
    ['a test of one', { 'tools/common.test.ts': '' }, 'says nothing'],
    ['a file in CamelCase', { [`${src}/HashRing.ts`]: '' }, 'kebab-case'],
    ['an interface with an I', { [`${src}/a.ts`]: 'interface IRing {}' }, 'interface IRing: leave out the I'],
  ])('%s is found', (_name, bad, message) =>
    shows(names, bad as unknown as Files, message, {
      [`${src}/hash-ring.prop.test.ts`]: 'interface Ring {} interface IPv4 {} interface Item {}',
      'docs/utils.md': '',
    }),
  );
});

describe('packages', () => {
  const json = (dependencies: object, version = '1.0.0') => JSON.stringify({ version, dependencies });
  const good = {
    'packages/patterns/package.json': json({}),
    'packages/env/package.json': json({ '@quorate/patterns': '1.0.0' }),
    'packages/cluster/package.json': json({ '@quorate/env': '1.0.0', 'sorted-btree': '^2.1.0' }),
  };
  test.each([
    [
      'a dependency of a package that has none',
      { 'packages/env/package.json': json({ lodash: '4' }) },
      'depends on lodash; patterns, env, sim have no',
    ],
    [
      'a neighbour outside of the table',
      { 'packages/env/package.json': json({ '@quorate/sim': '1.0.0' }) },
      'depends on @quorate/sim, which env may not import',
    ],
    [
      'another version of a neighbour',
      { 'packages/env/package.json': json({ '@quorate/patterns': '^1.0.0' }) },
      'expected exactly 1.0.0',
    ],
    ['another version', { 'packages/env/package.json': json({}, '1.0.1') }, 'all packages have one version'],
    ['a package nobody knows', { 'packages/fresh/package.json': json({}) }, 'not in the table'],
  ])('%s is found', (_name, bad, message) => shows(packages, { ...good, ...bad }, message, good));
  test('a lock file that lacks platform packages is found, and can be completed', () => {
    const optionalDependencies = {
      '@x/cli-linux-x64-musl': '1.2.0',
      '@x/cli-win32-arm64': '1.2.0',
      '@x/wasm': '1.2.0',
    };
    const asks = { version: '1.2.0', dev: true, license: 'MIT', optionalDependencies };
    const lock = { packages: { 'node_modules/x': asks, 'node_modules/x/node_modules/@x/cli-win32-arm64': {} } };
    const complete = completed(lock);
    expect(complete.packages['node_modules/@x/cli-linux-x64-musl']).toEqual({
      ...{ version: '1.2.0', dev: true, license: 'MIT', optional: true },
      ...{ os: ['linux'], cpu: ['x64'], libc: ['musl'] },
    });
    expect(Object.keys(complete.packages)).toHaveLength(3);
    shows(
      packages,
      { 'package-lock.json': JSON.stringify(lock) },
      'lacks 1 optional platform packages, first node_modules/@x/cli-linux-x64-musl',
      {
        'package-lock.json': JSON.stringify(complete),
      },
    );
  });
});

describe('places', () => {
  // In pieces, so that this file passes the rule itself.
  const home = ['', 'home', 'jane', ''].join('/');
  const registry = ['registry', 'npmjs', 'org'].join('.');
  const good = {
    'a.ts':
      "const a = '/tmp/x'; const b = 'docs/somewhere/b'; // https://example.org/somewhere/ /home/user/x ~/somewhere/",
    'package-lock.json': JSON.stringify({
      packages: { '': {}, 'node_modules/a': { version: '1', integrity: 'x' }, b: { resolved: 'packages/b' } },
    }),
  };
  test.each([
    ['the checkout', { 'a.md': 'see\n/somewhere/checkout/README.md' }, 'a.md:2 names a place on one machine'],
    ['what stands beside it', { 'a.json': '"/somewhere/else"' }, 'names a place on one machine (/somewhere/'],
    ['a home', { 'a.sh': `cd ${home}x` }, `names a place on one machine (${home}`],
    ['a registry', { '.npmrc': `registry=https://${registry}/` }, 'names the package registry'],
    [
      'download addresses',
      { 'package-lock.json': JSON.stringify({ packages: { a: { resolved: 'https://example.org/a.tgz' } } }) },
      'has download addresses (1, first of a)',
    ],
  ])('%s is found', (_name, bad, message) => shows(places, bad as unknown as Files, message, good));
});

describe('sizes', () => {
  const lines = (count: number) => 'a();\n'.repeat(count);
  const exceptions = (path: string, reason: string) => ({
    'tools/file-length-exceptions.json': JSON.stringify({ [path]: reason }),
  });
  const reason = 'a table that is read as one';
  test('a long file without a reason is found', () =>
    shows(sizes, { 'a.ts': lines(501) }, 'a.ts:0 501 lines, of at most 500', {
      'a.ts': lines(500),
      'b.md': lines(900),
    }));
  test('a reason must be one', () =>
    shows(sizes, { 'a.ts': lines(501), ...exceptions('a.ts', 'because') }, '501 lines', {
      'a.ts': lines(501),
      ...exceptions('a.ts', reason),
    }));
  test('a reason that is not needed is found', () =>
    shows(sizes, { 'a.ts': lines(5), ...exceptions('a.ts', reason) }, 'not too long any more', { 'a.ts': lines(5) }));
  test('a big file is found', () =>
    shows(sizes, { 'a.bin': 'x'.repeat((1 << 20) + 1) }, '1048577 bytes', { 'a.bin': 'x'.repeat(1 << 20) }));
});

describe('syntax', () => {
  test('a file that cannot be parsed is found', () =>
    shows(syntax, { 'a.ts': 'const = 1;' }, 'a.ts:0 cannot be parsed', { 'a.ts': '' }));
});
