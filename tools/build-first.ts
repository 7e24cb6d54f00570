import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Tests that start real processes run what users install: it is built before any test. */
export default function setup(): void {
  const root = fileURLToPath(new URL('..', import.meta.url));
  try {
    execFileSync('npx', ['tsc', '-b', 'tsconfig.build.json'], { cwd: root, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    throw new Error(`the build failed:\n${(error as { stdout: string }).stdout}`, { cause: error });
  }
}
