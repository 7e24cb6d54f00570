import type { Reporter, TestModule } from 'vitest/node';

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Prints, last and alone on a line, `N passed, N failed[, N skipped]`, and makes the run fail when something did or nothing passed.
 * Failed counts every failed test, every file that could not be loaded, every group whose preparation failed (vitest calls its
 * tests skipped) and every error that no test caught.
 */
export default class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const totals: Totals = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) count(module, totals);
    if (totals.failed > 0 || totals.passed === 0) process.exitCode = 1;
    const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
    // After every other reporter's last word.
    process.once('exit', () => process.stdout.write(`${totals.passed} passed, ${totals.failed} failed${skipped}\n`));
  }
}

function count(module: TestModule, totals: Totals): void {
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    totals[state === 'passed' || state === 'failed' ? state : 'skipped'] += 1;
  }
  const broken = [...module.children.allSuites()].filter((group) => group.errors().length > 0).length;
  // A module repeats what its groups report.
  totals.failed += broken > 0 ? broken : Math.min(module.errors().length, 1);
}
