import type { Log } from '@quorate/env';
import type { GroupStatus, RaftGroup } from '../raft/index.ts';

/** Says who leads, whenever that changes: one line per term and leader, on every node. */
export function logRoles(group: RaftGroup, log: Log, name: string): Disposable {
  let shown = '';
  return group.onChange(({ role, term, leader }: GroupStatus) => {
    const state = `${term} ${leader ?? ''}`;
    // A node that only asks around has nothing to tell yet.
    if (state === shown || (leader === undefined && role === 'follower' && shown === '')) return;
    shown = state;
    if (role === 'leader') log.info('leads', { node: name, term });
    else if (leader !== undefined) log.info('follows', { node: name, term, leader });
    else log.info('knows no leader', { node: name, term, role });
  });
}
