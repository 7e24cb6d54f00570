import { describe, expect, test } from 'vitest';
import { repoOf } from '../repo.js';
import { boundaries } from './boundaries.js';

const packageJson = (name: string, fields: object = {}): string =>
  JSON.stringify({ name, exports: { '.': {}, './*': {} }, ...fields });
const house = {
  'package.json': JSON.stringify({ devDependencies: { vitest: '1' } }),
  'packages/patterns/package.json': packageJson('@quorate/patterns', { exports: { './*': {} } }),
  'packages/patterns/src/base/index.ts': '',
  'packages/patterns/src/base/assert.ts': '',
  'packages/env/package.json': packageJson('@quorate/env', { dependencies: { '@quorate/patterns': '1' } }),
  'packages/env/src/index.ts': '',
  'packages/sim/package.json': packageJson('@quorate/sim'),
  'packages/sim/src/check/index.ts': '',
  'packages/cluster/package.json': packageJson('@quorate/cluster', {
    dependencies: { 'sorted-btree': '2', '@quorate/env': '1' },
  }),
  'packages/cluster/src/core/index.ts': '',
  'tests/package.json': JSON.stringify({ dependencies: { '@quorate/sim': '1' } }),
};
const problems = (path: string, text: string): string[] =>
  boundaries.check(repoOf({ ...house, [path]: text })).map(({ path: at, line, message }) => `${at}:${line} ${message}`);

describe('allowed are', () => {
  test.each([
    ['a neighbour in the table', 'packages/env/src/a.ts', "import { assert } from '@quorate/patterns/base';"],
    ['the root of a package that has one', 'packages/cluster/src/a.ts', "import type { Env } from '@quorate/env';"],
    ['a file of the same package', 'packages/patterns/src/time/a.ts', "import { assert } from '../base/assert.ts';"],
    ['a declared dependency', 'packages/cluster/src/a.ts', "import BTree from 'sorted-btree';"],
    ['node: where the world may be touched', 'packages/env/src/node/a.ts', "import fs from 'node:fs';"],
    ['node: in tests of pure packages', 'packages/patterns/src/a.test.ts', "import fs from 'node:fs';"],
    ['sim in tests of drivers', 'packages/cluster/src/a.test.ts', "import { x } from '@quorate/sim/check';"],
    ['test tools of the repository', 'packages/patterns/src/a.test.ts', "import { test } from 'vitest';"],
    ['dependencies of the tests', 'tests/a.test.ts', "import { x } from '@quorate/sim/check';"],
    [
      'imports that are only text',
      'packages/patterns/src/a.ts',
      "// import 'node:fs'\nexport const a = `import 'node:fs'`;",
    ],
  ])('%s', (_name, path, text) => expect(problems(path, text)).toEqual([]));
});

describe('refused are', () => {
  test.each([
    [
      'a neighbour that is not in the table',
      'packages/patterns/src/a.ts',
      "import '@quorate/env';",
      'patterns may not import env (it may: nothing)',
    ],
    [
      'sim in published drivers',
      'packages/cluster/src/a.ts',
      "import '@quorate/sim/check';",
      'cluster may not import sim (it may: patterns, env)',
    ],
    [
      'types of it, too',
      'packages/patterns/src/a.ts',
      "import type { Env } from '@quorate/env';",
      'may not import env',
    ],
    ['and re-exports', 'packages/patterns/src/a.ts', "export { x } from '@quorate/env';", 'may not import env'],
    ['and dynamic imports', 'packages/patterns/src/a.ts', "await import('@quorate/env');", 'may not import env'],
    [
      'and imports in types',
      'packages/patterns/src/a.ts',
      "type E = import('@quorate/env').Env;",
      'may not import env',
    ],
    [
      'a relative path into another package',
      'packages/env/src/a.ts',
      "import '../../patterns/src/base/assert.ts';",
      'import other packages by name',
    ],
    [
      'a relative path from tests into a package',
      'tests/a.test.ts',
      "import '../packages/env/src/index.ts';",
      'import other packages by name',
    ],
    [
      'a path past the exports',
      'packages/env/src/a.ts',
      "import '@quorate/patterns/src/base/assert.ts';",
      'does not export',
    ],
    [
      'a file that is not an export',
      'packages/env/src/a.ts',
      "import '@quorate/patterns/base/assert';",
      'does not export (there is no packages/patterns/src/base/assert/index.ts)',
    ],
    [
      'a root that is not exported',
      'packages/env/src/a.ts',
      "import '@quorate/patterns';",
      'imports the root of patterns, which that package does not export',
    ],
    ['the own package by name', 'packages/env/src/a.ts', "import '@quorate/env';", 'imports its own package by name'],
    [
      'an undeclared neighbour',
      'packages/cluster/src/a.ts',
      "import '@quorate/patterns/base';",
      'which packages/cluster/package.json does not declare',
    ],
    [
      'an undeclared dependency',
      'packages/env/src/a.ts',
      "import 'sorted-btree/x';",
      'imports sorted-btree, which packages/env/package.json does not declare',
    ],
    [
      'a development dependency in published code',
      'packages/env/src/a.ts',
      "import 'vitest';",
      'imports vitest, which',
    ],
    [
      'an undeclared dependency of the tests',
      'tests/a.test.ts',
      "import '@quorate/env';",
      'which tests/package.json does not declare',
    ],
    [
      'node: in pure code',
      'packages/patterns/src/a.ts',
      "import fs from 'node:fs';",
      'imports node:fs; this package runs without Node.js',
    ],
    [
      'node: in env outside of its node folder',
      'packages/env/src/a.ts',
      "import fs from 'node:fs';",
      'imports node:fs',
    ],
    ['a builtin without node:', 'tests/a.test.ts', "import 'fs';", 'write node:fs'],
    ['a file that is not there', 'packages/env/src/a.ts', "import './b';", 'imports ./b, which is not there'],
    ['a package that is not in the table', 'packages/fresh/src/a.ts', "import '@quorate/env';", 'not in the table'],
  ])('%s', (_name, path, text, message) => {
    const found = problems(path, `\n${text}`);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`${path}:2 `);
    expect(found[0]).toContain(message);
  });
});
