/** `npm run bench -- partitioning`: balance, movement and lookup cost of every placement, with modulo beside them, as a table. */
import { CONTENDERS, type Contender } from './contenders.ts';

export interface PartitioningSize {
  readonly keys: number;
  readonly nodes: readonly number[];
  readonly runs: number;
}

interface Row {
  readonly name: string;
  readonly heaviest: number;
  readonly deviation: number;
  readonly moved: number;
  readonly unnecessary: number;
  readonly lookupNs: number;
  readonly buildMs: number;
}

/** Prints one table per number of nodes. The exit code: 0. */
export function benchPartitioning(size: PartitioningSize, say: (text: string) => void): number {
  // In an order that has nothing to do with theirs.
  const keys = Array.from({ length: size.keys }, (_, i) => `user:${(i * 7919) % size.keys}:profile`);
  say(
    `${size.keys} keys. heaviest, deviation: of the nodes' loads, against the mean. moved: when one node is added; ideal is its share.`,
  );
  say('unnecessary: the part of all keys that moved between nodes that were there before. Times: best of the runs.');
  for (const count of size.nodes) {
    say('');
    say(
      `### ${count} nodes (a new one's share is ${percent(1 / (count + 1))}, the floor of the deviation by chance ${percent(Math.sqrt((count - 1) / size.keys))})`,
    );
    say('');
    say('| placement | keeps | heaviest | deviation | moved | unnecessary | lookup | build |');
    say('|---|---|---|---|---|---|---|---|');
    for (const contender of CONTENDERS) {
      const row = measure(contender, count, keys, size.runs);
      say(
        `| ${row.name} | ${contender.state} | ${row.heaviest.toFixed(3)} | ${percent(row.deviation)} | ${percent(row.moved)} | ${percent(row.unnecessary)} | ${row.lookupNs.toFixed(0)} ns | ${row.buildMs.toFixed(1)} ms |`,
      );
    }
  }
  return 0;
}

function measure(contender: Contender, count: number, keys: readonly string[], runs: number): Row {
  const started = performance.now();
  const before = contender.build(count, keys);
  const buildMs = performance.now() - started;
  const after = contender.build(count + 1, keys);
  const loads = new Map<string, number>();
  let moved = 0;
  let unnecessary = 0;
  for (const key of keys) {
    const from = before(key);
    const to = after(key);
    loads.set(from, (loads.get(from) ?? 0) + 1);
    if (from === to) continue;
    moved += 1;
    if (to !== `node-${count}`) unnecessary += 1;
  }
  const mean = keys.length / count;
  const counts = Array.from({ length: count }, (_, i) => loads.get(`node-${i}`) ?? 0);
  return {
    name: contender.name,
    heaviest: Math.max(...counts) / mean,
    deviation: Math.sqrt(counts.reduce((sum, load) => sum + (load / mean - 1) ** 2, 0) / count),
    moved: moved / keys.length,
    unnecessary: unnecessary / keys.length,
    lookupNs: Math.min(...Array.from({ length: runs }, () => lookupTime(before, keys))),
    buildMs,
  };
}

function lookupTime(ownerOf: (key: string) => string, keys: readonly string[]): number {
  let seen = 0;
  const started = performance.now();
  for (const key of keys) seen += ownerOf(key).length;
  const ns = ((performance.now() - started) * 1e6) / keys.length;
  if (seen === 0) throw new Error('nothing was looked up');
  return ns;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(2)} %`;
}
