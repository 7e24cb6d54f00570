import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examplesIn, examplesOf, moduleOf } from './readme-examples.js';
import { openRepo } from './repo.js';

const text = `# A
\`\`\`ts run
const a = 1;
\`\`\`
\`\`\`ts
not meant to run
\`\`\`
\`\`\`bash run
ls
\`\`\`
~~~js run slow node
a();

b();
~~~
`;

/** Inside the workspace, so that packages are found by name; ignored by git. */
const folder = new URL('./.examples/', import.meta.url);
beforeAll(() => void mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const write = (name: string, content: string): string => {
  const file = new URL(name, folder);
  writeFileSync(file, content);
  return file.href;
};

describe('runnable examples', () => {
  test('are the blocks fenced as "ts run" or "js run", with their lines and labels', () => {
    expect(examplesIn('A.md', text)).toEqual([
      { path: 'A.md', line: 3, language: 'ts', labels: [], code: 'const a = 1;' },
      { path: 'A.md', line: 12, language: 'js', labels: ['slow', 'node'], code: 'a();\n\nb();' },
    ]);
  });
  test('keep their line numbers', () => {
    expect(moduleOf(examplesIn('A.md', text)[1]!).split('\n').indexOf('b();')).toBe(13);
  });
});

describe('what an example says of its values', () => {
  let count = 0;
  const run = (code: string): Promise<unknown> => {
    const [example] = examplesIn('A.md', `\`\`\`ts run\n${code}\n\`\`\``);
    return import(/* @vite-ignore */ write(`claim-${count++}.ts`, moduleOf(example!)));
  };
  test('holds', async () => {
    await run(`const a: unknown[] = [1, undefined];
a; // => [1, undefined]
2n +
  1n; // => 3n
new Set('x'); // => ['x']
({ a: Number.NaN }); // => { a: Number.NaN }
a.push(2); // 3: not claimed, only told`);
  });
  test('fails where it does not, and names the line', async () => {
    await expect(run('const a: number = 1;\nif (a > 0) {\n  a + 1; // => 3\n}')).rejects.toThrow(
      'A.md:4: the value is 2, not 3',
    );
    await expect(run('undefined; // => null')).rejects.toThrow('A.md:2: the value is "undefined", not null');
  });
  test('cannot be said of anything but a statement', () => {
    const [example] = examplesIn('A.md', '```ts run\nconst a = 1; // => 1\n```');
    expect(() => moduleOf(example!)).toThrow(
      'A.md:2: "// =>" claims the value of a statement; there is none on this line',
    );
  });
});

describe('the manual', () => {
  const examples = examplesOf(openRepo(fileURLToPath(new URL('..', import.meta.url))));
  for (const [index, example] of examples.entries()) {
    test(`${example.path}:${example.line} runs`, async () => {
      await import(/* @vite-ignore */ write(`example-${index}.${example.language}`, moduleOf(example)));
    });
  }
  test('cannot hide an example that fails', async () => {
    const [example] = examplesIn('A.md', '```ts run\nconst a: number = 1;\nthrow new Error("a is " + a);\n```');
    await expect(import(/* @vite-ignore */ write('failing.ts', moduleOf(example!)))).rejects.toThrow('a is 1');
  });
  test('has no type errors in its examples', () => {
    for (const [index, example] of examples.entries()) write(`typed-${index}.${example.language}`, moduleOf(example));
    expect(
      typeErrors(
        'typed-*',
        examples.map(({ path }) => path),
      ),
    ).toEqual([]);
  });
  test('cannot hide an example with a type error', () => {
    write('wrong-0.ts', moduleOf(examplesIn('A.md', '```ts run\nexport const a: number = "1";\n```')[0]!));
    expect(typeErrors('wrong-*', ['A.md'])).toEqual(["A.md:2: Type 'string' is not assignable to type 'number'."]);
  });
});

function typeErrors(include: string, places: readonly string[]): string[] {
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false };
  write('tsconfig.json', JSON.stringify({ extends: '../../tsconfig.json', compilerOptions, include: [include] }));
  const { status, stdout } = spawnSync('npx', ['tsc', '-p', fileURLToPath(folder)], { encoding: 'utf8' });
  const errors = stdout.split('\n').flatMap((line) => {
    const found = /-(\d+)\.[tj]s\((\d+),\d+\): error \w+: (.*)$/.exec(line);
    return found === null ? [] : [`${places[Number(found[1])]}:${found[2]}: ${found[3]}`];
  });
  if (status !== 0 && errors.length === 0) throw new Error(`the compiler failed: ${stdout}`);
  return errors;
}
