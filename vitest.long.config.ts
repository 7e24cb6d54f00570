import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

// Spread, not merged: merging would keep the exclusion of long tests.
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['packages/*/src/**/*.long.test.ts', 'tests/**/*.long.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 1_800_000,
  },
});
