/** `npm run bench -- patterns [--only a,b] [--short]`: each pattern beside the package that people install for it today, in one run. */
import { GROUPS } from './groups.ts';
import { linesOf, tableOf, times } from './report.ts';
import type { Effort, RowResult } from './row.ts';
import { runChild } from './spawn.ts';

export interface PatternsBenchOptions {
  readonly effort: Effort;
  /** Names of groups; all when empty. */
  readonly only: readonly string[];
}

/** The exit code: 0, or 2 for a group that there is not. A row below its aim is no failure: the table says so. */
export async function benchPatterns(
  { effort, only }: PatternsBenchOptions,
  say: (text: string) => void,
): Promise<number> {
  const unknown = only.filter((name) => !GROUPS.some((group) => group.name === name));
  if (unknown.length > 0) {
    say(`bench patterns: there is no ${unknown.join(', ')}: there are ${GROUPS.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  say(`Node.js ${process.version}. CPU time per operation, median of ${effort.rounds} rounds (least – most).`);
  const all: RowResult[] = [];
  for (const { name, title } of GROUPS) {
    if (only.length > 0 && !only.includes(name)) continue;
    const rows = (await runChild({ group: name, effort })) as RowResult[];
    all.push(...rows);
    say(`\n### ${title} (\`--only ${name}\`)\n\n${tableOf(rows)}`);
  }
  const lines = all.flatMap(linesOf);
  const missed = lines.filter(({ isReached }) => !isReached);
  say(`\n${lines.length - missed.length} of ${lines.length} comparisons reach their aim.`);
  for (const { what, peer, ratio, aim } of missed) say(`below ${aim}×: ${what}, beside ${peer}: ${times(ratio)}`);
  return 0;
}
