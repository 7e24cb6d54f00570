import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

const { projects: _, ...test } = base.test!;

export default defineConfig({
  ...base,
  test: {
    ...test,
    include: ['packages/*/src/**/*.long.test.ts', 'tests/**/*.long.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 1_800_000,
  },
});
