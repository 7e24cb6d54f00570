import type { Core } from '@quorate/cluster/core';

/** Prometheus text with those of etcd's metrics that its own tools and usual dashboards read. */
export function metricsText(core: Core): string {
  const { status } = core;
  const { raft, memberId } = status;
  const usage = process.cpuUsage();
  const lines: string[] = [];
  const metric = (name: string, type: 'gauge' | 'counter', help: string, value: number): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`);
  };
  metric('etcd_server_has_leader', 'gauge', 'Whether a leader is known.', Number(raft.leader !== undefined));
  metric('etcd_server_is_leader', 'gauge', 'Whether this member leads.', Number(raft.leader === memberId));
  metric('etcd_server_proposals_committed_total', 'gauge', 'The commit index.', raft.commitIndex);
  metric('etcd_server_proposals_applied_total', 'gauge', 'The applied index.', raft.appliedIndex);
  metric('etcd_server_quota_backend_bytes', 'gauge', 'The quota in bytes.', status.quotaBytes);
  metric('etcd_mvcc_db_total_size_in_bytes', 'gauge', 'Bytes held.', status.sizeBytes);
  metric('etcd_mvcc_db_total_size_in_use_in_bytes', 'gauge', 'Bytes in use.', status.sizeBytes);
  metric('etcd_debugging_mvcc_current_revision', 'gauge', 'The current revision.', status.revision);
  metric('etcd_debugging_mvcc_compact_revision', 'gauge', 'The last compaction.', status.compactRevision);
  metric('process_resident_memory_bytes', 'gauge', 'Resident memory.', process.memoryUsage.rss());
  metric('process_cpu_seconds_total', 'counter', 'CPU time.', (usage.user + usage.system) / 1e6);
  return `${lines.join('\n')}\n`;
}
