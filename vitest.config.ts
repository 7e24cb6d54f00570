import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['quorate:source'] },
  ssr: { resolve: { conditions: ['quorate:source'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts', 'tools/**/*.test.ts'],
    exclude: ['**/*.long.test.ts', '**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './tools/totals-reporter.ts'],
    testTimeout: 30_000,
  },
});
