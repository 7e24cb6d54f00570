/** Liveness: once all is healed, everybody has the same state, and it is the reference's. */
import type { CoreNode } from '@quorate/cluster/node';
import { showRange, showVersions } from '../oracle/answers.ts';
import type { ReferenceStore } from '../oracle/reference-store.ts';
import type { Violations } from '../violations.ts';

/** Why the nodes have not converged; undefined when they have. */
export function divergence(
  nodes: ReadonlyMap<string, CoreNode>,
  members: readonly string[],
  commitIndex: number,
): string | undefined {
  for (const name of members) {
    const node = nodes.get(name);
    if (node === undefined) return `${name} is not running`;
    const { appliedIndex, damaged, leader } = node.status.raft;
    if (damaged) return `${name} is still damaged`;
    if (leader === undefined) return `${name} knows no leader`;
    if (appliedIndex < commitIndex) return `${name} has applied ${appliedIndex} of ${commitIndex} entries`;
  }
  const leads = members.filter((name) => nodes.get(name)?.status.raft.role === 'leader');
  return leads.length === 1 ? undefined : `${leads.length} nodes lead: ${leads.join(', ')}`;
}

const EVERYTHING = { kind: 'range', key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) } as const;

/** Reads everything on one node, as code of its process. */
export async function checkState(
  name: string,
  node: CoreNode,
  reference: ReferenceStore,
  violations: Violations,
): Promise<{ readonly hash: number; readonly compactRevision: number }> {
  const response = await node.core.range(EVERYTHING, { serializable: true });
  const expected = showVersions(reference.history.range('\0', '\0'));
  const found = showRange(response);
  if (response.revision !== reference.revision || found !== expected) {
    const what = `${name} ends at revision ${response.revision} with ${found}\n    must end at revision ${reference.revision} with ${expected}`;
    violations.report('convergence', what);
  }
  return node.core.hash(0);
}
