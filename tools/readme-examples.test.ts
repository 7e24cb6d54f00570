import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
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

/** Inside the workspace, so that packages are found by name; ignored by git. */
const folder = new URL('./.examples/', import.meta.url);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the manual', () => {
  for (const [index, example] of examplesOf(openRepo(fileURLToPath(new URL('..', import.meta.url)))).entries()) {
    test(`${example.path}:${example.line} runs`, async () => {
      mkdirSync(folder, { recursive: true });
      const file = new URL(`example-${index}.${example.language}`, folder);
      writeFileSync(file, moduleOf(example));
      await import(/* @vite-ignore */ file.href);
    });
  }
  test('cannot hide an example that fails', async () => {
    mkdirSync(folder, { recursive: true });
    const file = new URL('failing.ts', folder);
    const [example] = examplesIn('A.md', '```ts run\nconst a: number = 1;\nthrow new Error("a is " + a);\n```');
    writeFileSync(file, moduleOf(example!));
    await expect(import(/* @vite-ignore */ file.href)).rejects.toThrow('a is 1');
  });
});
