import type { Configuration } from '@quorate/patterns/consensus/raft';
import type { Client } from '../client/client.ts';
import type { CoreStatus } from '../core/core.ts';

export interface LeadersWord {
  /** Committed: no later leader can be without it. */
  readonly configuration: Configuration;
  readonly progress: CoreStatus['raft']['progress'];
}

/**
 * Who belongs to the cluster, as its present leader knows it. A leader's configuration counts when that leader was still leading afterwards (the read
 * between needs a majority's word for it), and when all of its log up to there is committed: a change that is not could yet be undone.
 * Undefined when the client's server does not lead, or the word is not settled: ask again, by a new client, which looks for the leader. Rejects with
 * `CoreError`.
 */
export async function leadersWord(client: Client): Promise<LeadersWord | undefined> {
  const before = await client.cluster.status();
  if (before.raft.role !== 'leader') return undefined;
  await client.range('\u0000', { keysOnly: true });
  const after = await client.cluster.status();
  const same =
    after.memberId === before.memberId && after.raft.role === 'leader' && after.raft.term === before.raft.term;
  if (!same || after.raft.commitIndex < before.raft.lastIndex) return undefined;
  return { configuration: before.raft.configuration, progress: after.raft.progress };
}
