/** A picture of a quorum's state for people: who has reached what, and what follows from it. */
import { jointCommittedIndex } from './joint.ts';
import { committedIndex } from './majority.ts';

const BAR_WIDTH = 20;

/**
 * One line per voter, lowest first, with a bar, then what is committed. `outgoing` adds the second half of a joint
 * quorum. For logs and tests, not for speed.
 *
 *     1  ████████████████████ 9
 *     2  ███████              3 < 9
 *     => 9 committed
 */
export function describe<Voter extends string | number>(
  voters: readonly Voter[],
  valueOf: (voter: Voter) => number | undefined,
  outgoing: readonly Voter[] = [],
): string {
  const known = (voter: Voter): number => valueOf(voter) ?? 0;
  const lines = half(voters, valueOf);
  if (outgoing.length > 0) {
    lines.unshift('incoming');
    lines.push('outgoing', ...half(outgoing, valueOf));
  }
  const committed = jointCommittedIndex(voters, outgoing, known);
  lines.push(committed === Number.POSITIVE_INFINITY ? '=> no voters' : `=> ${committed} committed`);
  return lines.join('\n');
}

function half<Voter extends string | number>(
  voters: readonly Voter[],
  valueOf: (voter: Voter) => number | undefined,
): string[] {
  const known = (voter: Voter): number => valueOf(voter) ?? 0;
  const committed = committedIndex(voters, known);
  const highest = Math.max(1, ...voters.map(known));
  const width = Math.max(...voters.map((voter) => String(voter).length));
  return [...voters]
    .sort((a, b) => known(a) - known(b) || (a < b ? -1 : 1))
    .map((voter) => {
      const value = valueOf(voter);
      const name = String(voter).padStart(width);
      if (value === undefined) return `${name}  ${''.padEnd(BAR_WIDTH)} unknown`;
      const bar = '█'.repeat(Math.max(0, Math.round((value / highest) * BAR_WIDTH))).padEnd(BAR_WIDTH);
      return `${name}  ${bar} ${value}${value < committed ? ` < ${committed}` : ''}`;
    });
}
