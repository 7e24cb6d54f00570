/** `quorate status`: asks each node's HTTP face and shows one row per node. */
import type { NodeStatus } from '@quorate/gateways/http';

export interface StatusOptions {
  /** `host:port` of the nodes' HTTP faces. */
  readonly endpoints: readonly string[];
  readonly json: boolean;
  readonly timeoutMs: number;
}

interface Asked {
  readonly endpoint: string;
  readonly status: NodeStatus | undefined;
  readonly problem: string | undefined;
}

/** Exit status: 0 when every node answered and one leader is known to all, 1 otherwise. */
export async function runStatus(options: StatusOptions): Promise<number> {
  const asked = await Promise.all(options.endpoints.map((endpoint) => ask(endpoint, options.timeoutMs)));
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify(
        asked.map(({ endpoint, status, problem }) => ({ endpoint, ...status, problem })),
        null,
        2,
      )}\n`,
    );
  } else {
    process.stdout.write(table(asked));
  }
  const leaders = new Set(asked.map(({ status }) => status?.leaderId));
  return leaders.size === 1 && !leaders.has(null) && !leaders.has(undefined) ? 0 : 1;
}

async function ask(endpoint: string, timeoutMs: number): Promise<Asked> {
  try {
    const response = await fetch(`http://${endpoint}/status`, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) return { endpoint, status: undefined, problem: `answered ${response.status}` };
    return { endpoint, status: (await response.json()) as NodeStatus, problem: undefined };
  } catch (error) {
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    return { endpoint, status: undefined, problem: cause?.code ?? (error as Error).message };
  }
}

function table(asked: readonly Asked[]): string {
  const head = [
    'NODE',
    'HTTP',
    'PID',
    'ROLE',
    'TERM',
    'LEADER',
    'COMMIT',
    'APPLIED',
    'LAG',
    'REVISION',
    'SIZE',
    'NOTES',
  ];
  const leader = asked.find(({ status }) => status?.role === 'leader')?.status;
  const rows = asked.map(({ endpoint, status, problem }) => {
    if (status === undefined) return ['?', endpoint, '', 'unreachable', '', '', '', '', '', '', '', problem ?? ''];
    const lag = leader?.members.find(({ id }) => id === status.memberId)?.lag;
    const notes = [...(status.damaged ? ['damaged log'] : []), ...status.alarms.map(({ alarm }) => `alarm ${alarm}`)];
    return [
      status.name,
      endpoint,
      String(status.pid),
      status.role,
      String(status.term),
      status.leader ?? '-',
      String(status.commitIndex),
      String(status.appliedIndex),
      lag === undefined || lag === null ? '-' : String(lag),
      String(status.revision),
      formatBytes(status.sizeBytes),
      notes.join(', '),
    ];
  });
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [head, ...rows]
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** 1536 → `1.5KiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const amount = bytes / 1024 ** power;
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)}${units[power]}`;
}
