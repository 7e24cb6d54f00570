import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['*.case.ts'],
    reporters: ['default', fileURLToPath(new URL('../../totals-reporter.ts', import.meta.url))],
  },
});
