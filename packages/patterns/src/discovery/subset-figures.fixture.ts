import { type ApertureEndpoint, deterministicAperture, deterministicSubset, rendezvousSubset } from './index.ts';

/** What a client connects to, given its number, the number of all clients, the backends and the size. */
export type SubsetRule = (
  client: number,
  clients: number,
  backends: readonly string[],
  size: number,
) => ApertureEndpoint[];

const alike = (ids: readonly string[]): ApertureEndpoint[] => ids.map((id) => ({ id, weight: 1 }));

export const SUBSET_RULES: Readonly<Record<string, SubsetRule>> = {
  deterministic: (client, _clients, backends, size) => alike(deterministicSubset(backends, client, size)),
  rendezvous: (client, _clients, backends, size) => alike(rendezvousSubset(backends, `client-${client}`, size)),
  aperture: (client, clients, backends, size) => deterministicAperture(backends, { client, clients }, size),
};

export interface Setting {
  readonly clients: number;
  readonly backends: number;
  readonly size: number;
}

export const SETTINGS: readonly Setting[] = [
  { clients: 100, backends: 100, size: 30 },
  { clients: 100, backends: 100, size: 10 },
  { clients: 50, backends: 405, size: 20 },
  { clients: 100, backends: 33, size: 10 },
];

export const backendsOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `backend-${i}`);

export interface Spread {
  readonly fewest: number;
  readonly most: number;
  readonly perClient: number;
  /** Heaviest and lightest load against the mean, when each client divides one unit by the weights. */
  readonly lightest: number;
  readonly heaviest: number;
}

export function spreadOf(rule: SubsetRule, { clients, backends, size }: Setting): Spread {
  const ids = backendsOf(backends);
  const connections = new Map(ids.map((id) => [id, 0]));
  const loads = new Map(ids.map((id) => [id, 0]));
  let all = 0;
  for (let client = 0; client < clients; client++) {
    const subset = rule(client, clients, ids, size);
    const total = subset.reduce((sum, { weight }) => sum + weight, 0);
    all += subset.length;
    for (const { id, weight } of subset) {
      connections.set(id, connections.get(id)! + 1);
      loads.set(id, loads.get(id)! + weight / total);
    }
  }
  const mean = clients / backends;
  return {
    fewest: Math.min(...connections.values()),
    most: Math.max(...connections.values()),
    perClient: all / clients,
    lightest: Math.min(...loads.values()) / mean,
    heaviest: Math.max(...loads.values()) / mean,
  };
}

/** Connections that a client which stays opens anew, on average over all clients. */
export function churnOf(rule: SubsetRule, before: Setting, after: Setting): number {
  const [from, to] = [backendsOf(before.backends), backendsOf(after.backends)];
  const staying = Math.min(before.clients, after.clients);
  let opened = 0;
  for (let client = 0; client < staying; client++) {
    const had = new Set(rule(client, before.clients, from, before.size).map(({ id }) => id));
    for (const { id } of rule(client, after.clients, to, after.size)) if (!had.has(id)) opened += 1;
  }
  return opened / staying;
}

/** The table of the README. */
export function subsetFigures(): string[] {
  const rows = SETTINGS.flatMap((setting) =>
    Object.entries(SUBSET_RULES).map(([name, rule]) => {
      const spread = spreadOf(rule, setting);
      const { clients, backends, size } = setting;
      const backendCame = churnOf(rule, setting, { ...setting, backends: backends + 1 });
      const clientCame = churnOf(rule, setting, { ...setting, clients: clients + 1 });
      return [
        `${clients} × ${backends}, ${size}`,
        name,
        spread.perClient.toFixed(1),
        `${spread.fewest} to ${spread.most}`,
        `${spread.lightest.toFixed(2)} to ${spread.heaviest.toFixed(2)}`,
        backendCame.toFixed(2),
        clientCame.toFixed(2),
      ];
    }),
  );
  return rows.map((cells) => `| ${cells.join(' | ')} |`);
}
