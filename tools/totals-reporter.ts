import type { Reporter, TestModule } from 'vitest/node';

/** Prints, last and alone on a line, `N passed, N failed[, N skipped]`, and refuses a run in which nothing passed. */
export default class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const totals = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      let own = 0;
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        own += 1;
        totals[state === 'passed' ? 'passed' : state === 'failed' ? 'failed' : 'skipped'] += 1;
      }
      // A file that could not be loaded has no tests of its own, but it did fail.
      if (own === 0 && module.state() === 'failed') totals.failed += 1;
    }
    totals.failed += unhandledErrors.length;
    if (totals.passed === 0) process.exitCode = 1;
    const line = `${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''}\n`;
    // After every other reporter's last word.
    process.once('exit', () => process.stdout.write(line));
  }
}
