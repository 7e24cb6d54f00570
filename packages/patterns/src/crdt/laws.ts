/**
 * The laws that make a type a CRDT, to be run on every one here and on those you write. No test framework, no clock; randomness is yours.
 *
 *     const broken = checkLaws({ crdt: gCounter, mutate: (state, actor) => gCounter.increment(state, actor), show: gCounter.value }, random);
 *     if (broken !== undefined) throw new Error(broken);
 *
 * A history of changes, deltas and merges among three replicas is made at random, from few actors and few values so that ties and conflicts happen: half of its
 * moves are changes, a quarter merge a whole state, a quarter a delta, late or again. Then each law is tried on all its states.
 */
import { decodeCrdt, encodeCrdt } from './binary.ts';
import type { Crdt } from './crdt.ts';

export interface LawSubject<S> {
  readonly crdt: Crdt<S>;
  /** A random change by `actor`, as a delta; undefined when none is possible now. `random(n)` gives an integer from 0 to n − 1. */
  mutate(state: S, actor: string, random: (bound: number) => number): S | undefined;
  /** What a user sees, comparable as JSON: sets sorted. */
  show(state: S): unknown;
}

const REPLICAS = ['a', 'b', 'c'] as const;

/** Tries every law on one random history of `steps` moves (default 12). Returns what is broken, in words; undefined when all hold. */
export function checkLaws<S>(
  subject: LawSubject<S>,
  random: (bound: number) => number,
  steps: number = 12,
): string | undefined {
  const { crdt } = subject;
  const history = historyOf(subject, random, steps);
  if (typeof history === 'string') return history;
  const { states, deltas, seen } = history;
  return (
    semilattice(crdt, [...states, ...seen], random) ??
    convergence(subject, states, deltas, random) ??
    equality(subject, [...states, ...seen]) ??
    roundTrips(subject, [...states, ...deltas])
  );
}

interface History<S> {
  readonly states: S[];
  readonly deltas: S[];
  /** States that replicas were in on the way. */
  readonly seen: S[];
}

/** Or the law of mutators that it broke. */
function historyOf<S>(
  { crdt, mutate }: LawSubject<S>,
  random: (bound: number) => number,
  steps: number,
): History<S> | string {
  const states: S[] = REPLICAS.map(() => crdt.empty);
  const deltas: S[] = [];
  const seen: S[] = [crdt.empty];
  for (let step = 0; step < steps; step++) {
    const at = random(states.length);
    const before = states[at]!;
    const move = random(4);
    if (move < 2) {
      const delta = mutate(before, REPLICAS[at]!, random);
      if (delta === undefined) continue;
      deltas.push(delta);
      const after = crdt.merge(before, delta);
      if (!crdt.equals(crdt.merge(after, before), after))
        return 'inflation: a change must lead to a state at or above the one before';
      if (!crdt.equals(crdt.merge(after, delta), after))
        return 'idempotence: a delta that comes twice must change nothing';
      states[at] = after;
    } else if (move === 2) states[at] = crdt.merge(before, states[random(states.length)]!);
    else if (deltas.length > 0) states[at] = crdt.merge(before, deltas[random(deltas.length)]!);
    seen.push(states[at]!);
  }
  return { states, deltas, seen };
}

function semilattice<S>(crdt: Crdt<S>, states: readonly S[], random: (bound: number) => number): string | undefined {
  for (const a of states) {
    if (!crdt.equals(crdt.merge(a, a), a)) return 'idempotent: merge(a, a) must be a';
    if (!crdt.equals(crdt.merge(a, crdt.empty), a)) return 'identity: merge(a, empty) must be a';
    if (!crdt.equals(crdt.merge(crdt.empty, a), a)) return 'identity: merge(empty, a) must be a';
    const b = states[random(states.length)]!;
    const c = states[random(states.length)]!;
    const ab = crdt.merge(a, b);
    if (!crdt.equals(ab, crdt.merge(b, a))) return 'commutative: merge(a, b) must be merge(b, a)';
    if (!crdt.equals(crdt.merge(ab, c), crdt.merge(a, crdt.merge(b, c))))
      return 'associative: merge(merge(a, b), c) must be merge(a, merge(b, c))';
    if (crdt.merge(ab, a) !== ab || crdt.merge(ab, b) !== ab)
      return 'upper bound: merging a or b into merge(a, b) must give that very state back';
  }
  return undefined;
}

/** Whatever the way, what everybody ends with is the same: whole states in any order, or nothing but deltas, shuffled and repeated. */
function convergence<S>(
  subject: LawSubject<S>,
  states: readonly S[],
  deltas: readonly S[],
  random: (bound: number) => number,
): string | undefined {
  const { crdt, show } = subject;
  const [a, b, c] = states as [S, S, S];
  const final = crdt.merge(crdt.merge(a, b), c);
  const shown = JSON.stringify(show(final));
  for (const [x, y, z] of [
    [a, c, b],
    [b, a, c],
    [b, c, a],
    [c, a, b],
    [c, b, a],
  ] as const) {
    // biome-ignore format: permutations
    const other = crdt.merge(crdt.merge(x, y), z);
    if (!crdt.equals(other, final))
      return 'permutations: replicas that merge in another order must reach the same state';
    if (JSON.stringify(show(other)) !== shown) return 'permutations: equal states must have equal values';
  }
  const shuffled = [...deltas, ...deltas.filter(() => random(2) === 0)];
  for (let at = shuffled.length - 1; at > 0; at--) {
    const other = random(at + 1);
    [shuffled[at], shuffled[other]] = [shuffled[other]!, shuffled[at]!];
  }
  const fromDeltas = shuffled.reduce((state, delta) => crdt.merge(state, delta), crdt.empty);
  if (!crdt.equals(fromDeltas, final))
    return 'delta = state: all deltas, shuffled and repeated, must give the state of all changes';
  if (JSON.stringify(show(fromDeltas)) !== shown) return 'delta = state: all deltas must give the value of all changes';
  const half = random(shuffled.length + 1);
  const [first = crdt.empty, ...others] = shuffled.slice(half);
  const group = others.reduce((state, delta) => crdt.merge(delta, state), first);
  const viaGroup = crdt.merge(
    shuffled.slice(0, half).reduce((state, delta) => crdt.merge(state, delta), crdt.empty),
    group,
  );
  return crdt.equals(viaGroup, final)
    ? undefined
    : 'delta groups: deltas merged with each other first must give the same state';
}

/** States are equal if and only if they are the same bytes, and then a user sees the same. */
function equality<S>({ crdt, show }: LawSubject<S>, states: readonly S[]): string | undefined {
  const all = states.map((state) => ({
    state,
    bytes: encodeCrdt(crdt, state).join(),
    shown: JSON.stringify(show(state)),
  }));
  for (const a of all)
    for (const b of all) {
      const equal = crdt.equals(a.state, b.state);
      if (equal !== (a.bytes === b.bytes))
        return 'equality: states must be equal if and only if they are the same bytes';
      if (equal && a.shown !== b.shown) return 'equality: equal states must have equal values';
    }
  return undefined;
}

function roundTrips<S>({ crdt, show }: LawSubject<S>, states: readonly S[]): string | undefined {
  for (const state of states) {
    const bytes = encodeCrdt(crdt, state);
    const read = decodeCrdt(crdt, bytes);
    if (!crdt.equals(read, state)) return 'round trip: a state that is written and read must be the same';
    if (JSON.stringify(show(read)) !== JSON.stringify(show(state)))
      return 'round trip: a state that is written and read must have the same value';
    if (encodeCrdt(crdt, read).join() !== bytes.join()) return 'round trip: a state must have one form as bytes';
  }
  const [a, b] = states as [S, S];
  if (encodeCrdt(crdt, crdt.merge(a, b)).join() !== encodeCrdt(crdt, crdt.merge(b, a)).join())
    return 'round trip: equal states must be equal bytes';
  return undefined;
}
