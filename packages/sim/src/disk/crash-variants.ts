/** All the fates worth trying after a crash: every subset while there are few operations, and every kind of torn write. */
import { type CrashVariant, type Outcome, type PendingOperation, sectorsOf, type Torn } from './crash.ts';

/** With at most this many pending operations every subset is tried; beyond, prefixes and single changes. */
const SUBSETS_UP_TO = 5;

export function* crashVariants(pending: readonly PendingOperation[]): Generator<CrashVariant> {
  yield* pending.length <= SUBSETS_UP_TO ? everySubset(pending.length) : prefixesAndSingles(pending.length);
  for (const [index, operation] of pending.entries()) {
    if (operation.kind !== 'write') continue;
    for (const torn of tearings(sectorsOf(operation.change))) {
      const name = `write ${index + 1} of ${pending.length} torn (${torn.sectors}, size ${torn.size})`;
      yield { name: `${name}, later ones lost`, outcomes: around(pending.length, index, torn, 'lost') };
      if (index < pending.length - 1) {
        yield { name: `${name}, later ones kept`, outcomes: around(pending.length, index, torn, 'kept') };
      }
    }
  }
}

function around(count: number, index: number, torn: Torn, later: Outcome): Outcome[] {
  return Array.from({ length: count }, (_, i): Outcome => (i === index ? torn : i < index ? 'kept' : later));
}

function* everySubset(count: number): Generator<CrashVariant> {
  for (let mask = 0; mask < 1 << count; mask++) {
    const outcomes = Array.from({ length: count }, (_, i): Outcome => (mask & (1 << i) ? 'kept' : 'lost'));
    yield { name: describeSubset(outcomes), outcomes };
  }
}

function* prefixesAndSingles(count: number): Generator<CrashVariant> {
  const build = (keep: (i: number) => boolean): CrashVariant => {
    const outcomes = Array.from({ length: count }, (_, i): Outcome => (keep(i) ? 'kept' : 'lost'));
    return { name: describeSubset(outcomes), outcomes };
  };
  for (let kept = 0; kept <= count; kept++) yield build((i) => i < kept);
  for (let only = 1; only < count; only++) yield build((i) => i === only);
  for (let missing = 0; missing < count - 1; missing++) yield build((i) => i !== missing);
}

function describeSubset(outcomes: readonly Outcome[]): string {
  return `kept ${outcomes.map((outcome) => (outcome === 'kept' ? '+' : '-')).join('')}`;
}

function* tearings(sectors: number): Generator<Torn> {
  yield { sectors: 'o'.repeat(sectors), size: 'whole' };
  yield { sectors: 'z'.repeat(sectors), size: 'whole' };
  yield { sectors: 'n'.repeat(sectors), size: 'old' };
  for (const cut of cuts(sectors)) {
    const [head, rest] = [cut, sectors - cut];
    yield { sectors: 'n'.repeat(head) + 'o'.repeat(rest), size: 'reached' };
    yield { sectors: 'n'.repeat(head) + 'z'.repeat(rest), size: 'whole' };
    yield { sectors: 'o'.repeat(head) + 'n'.repeat(rest), size: 'whole' };
    yield { sectors: 'z'.repeat(head) + 'n'.repeat(rest), size: 'whole' };
  }
  if (sectors > 2) yield { sectors: `n${'o'.repeat(sectors - 2)}n`, size: 'whole' };
}

function cuts(sectors: number): number[] {
  if (sectors <= 4) return Array.from({ length: sectors - 1 }, (_, i) => i + 1);
  return [1, sectors >> 1, sectors - 1];
}
