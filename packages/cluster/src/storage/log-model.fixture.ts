/** What the log must hold: a plain retelling of the contract in `types.ts`, to compare the store with. */
import type { Entry, HardState } from '@quorate/patterns/consensus/raft';
import type { LogStore, PersistRequest } from './types.ts';

interface ModelGroup {
  state: HardState;
  /** By index; released ones are kept, since the store may still return them. */
  entries: Entry[];
  /** The log has restarts behind this index. */
  start: number;
  commit: number;
}

export type ModelState = ReadonlyMap<number, ModelGroup>;

/** One call of `persist`. */
export type Unit = readonly PersistRequest[];

/** The state after one more unit. */
export function modelAfter(state: ModelState, unit: Unit): ModelState {
  const groups = new Map(state);
  for (const request of unit) groups.set(request.group, applied(groups.get(request.group), request));
  return groups;
}

function applied(before: ModelGroup | undefined, request: PersistRequest): ModelGroup {
  const group: ModelGroup = {
    state: request.state ?? before?.state ?? { term: 0, vote: undefined },
    entries: before?.entries ?? [],
    start: before?.start ?? 0,
    commit: Math.max(request.commit, before?.commit ?? 0),
  };
  if (request.restart !== undefined) {
    group.entries = [];
    group.start = request.restart.index;
  }
  const first = request.entries[0]?.index;
  if (first !== undefined) group.entries = [...group.entries.filter(({ index }) => index < first), ...request.entries];
  return group;
}

/** What keeps a recovered log from being this state, or undefined. `released` is the highest index given to `release`, by group. */
export function difference(
  store: LogStore,
  state: ModelState,
  released: ReadonlyMap<number, number>,
): string | undefined {
  for (const [id, group] of store.recovered) {
    if (!state.has(id)) return `group ${id} was never written`;
    if (group.damage !== undefined) return `group ${id} is reported as damaged: ${group.damage}`;
  }
  for (const [id, expected] of state) {
    const found = [...store.recovered].find(([group]) => group === id)?.[1];
    if (found === undefined) return `group ${id} is missing`;
    if (found.state.term !== expected.state.term || found.state.vote !== expected.state.vote) {
      return `group ${id}: term ${found.state.term}, vote ${found.state.vote}`;
    }
    if (found.commit !== expected.commit) return `group ${id}: commit ${found.commit}, not ${expected.commit}`;
    const from = found.entries[0]?.index ?? (expected.entries.at(-1)?.index ?? expected.start) + 1;
    if (from > Math.max(expected.start, released.get(id) ?? 0) + 1)
      return `group ${id}: entries before ${from} are missing`;
    const kept = expected.entries.filter(({ index }) => index >= from);
    if (kept.length !== found.entries.length) return `group ${id}: ${found.entries.length} entries, not ${kept.length}`;
    for (const [i, entry] of kept.entries())
      if (!same(entry, found.entries[i]!)) return `group ${id}: entry ${entry.index} differs`;
  }
  return undefined;
}

function same(a: Entry, b: Entry): boolean {
  if (a.kind !== b.kind || a.index !== b.index || a.term !== b.term) return false;
  if (a.kind !== 'data' || b.kind !== 'data') return true;
  return a.data.length === b.data.length && a.data.every((byte, i) => byte === b.data[i]);
}
