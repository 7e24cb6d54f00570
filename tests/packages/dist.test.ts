import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const packages = fileURLToPath(new URL('../../packages/', import.meta.url));

/** What the compiler makes of the sources is what people run: it has been known to differ. */
function entries(): string[] {
  return readdirSync(packages).flatMap((name) => {
    const dist = join(packages, name, 'dist');
    return readdirSync(dist, { recursive: true, encoding: 'utf8' })
      .filter((path) => path === 'index.js' || path.endsWith('/index.js'))
      .map((path) => `${name}/dist/${path}`);
  });
}

test.each(entries())('%s can be imported as it was built, and offers something', async (path) => {
  const file = join(packages, path);
  const module: unknown = await import(/* @vite-ignore */ pathToFileURL(file).href);
  const types = readFileSync(join(dirname(file), 'index.d.ts'), 'utf8');
  expect(Object.keys(module as object).length > 0 || /export (declare )?(type|interface|\{ type)/.test(types)).toBe(
    true,
  );
});
