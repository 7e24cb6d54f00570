import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['quorate:source'] },
  ssr: { resolve: { conditions: ['quorate:source'] } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './tools/totals-reporter.ts'],
    projects: [
      {
        extends: true,
        // One process for all their files, which halves their time: no module here keeps anything that a test could leave behind.
        test: { ...suite('packages', 'packages/*/src/**/*.test.ts'), isolate: false },
      },
      { extends: true, test: suite('whole', 'tests/**/*.test.ts', 'tools/**/*.test.ts') },
    ],
  },
});

/** The time-out is only against tests that hang: how long one takes depends on what else the machine does. */
function suite(
  name: string,
  ...include: string[]
): { name: string; include: string[]; exclude: string[]; testTimeout: number } {
  return { name, include, exclude: ['**/*.long.test.ts', '**/node_modules/**', '**/dist/**'], testTimeout: 120_000 };
}
