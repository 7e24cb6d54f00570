/** Every type here as a subject of the laws, with few actors, elements and times, so that ties and conflicts happen. */
import { hybridTimestamp, type NodeTimestamp } from '../time/index.ts';
import {
  boundedCounter,
  embedded,
  enableWinsFlag,
  gCounter,
  gSet,
  type LawSubject,
  lwwRegister,
  mvRegister,
  orMap,
  orSet,
  pnCounter,
  text,
  textCodec,
  twoPhaseSet,
} from './index.ts';

type Random = (bound: number) => number;

/** A small generator of its own, so that laws need no library: mulberry32. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) % bound;
  };
}

const one = (random: Random): string => ['x', 'y', 'z'][random(3)]!;
/** Stamps that tie, even wholly: the same time by the same node, as after a bug or a restart. */
const stamp = (random: Random): NodeTimestamp => ({ at: hybridTimestamp(random(2), random(2)), node: one(random) });

const register = lwwRegister(textCodec);
const values = mvRegister(textCodec);
const counter = embedded(pnCounter);
const note = embedded(text, 'everything');
const shelves = orMap(orSet);
const counts = orMap(counter);
const notes = orMap(note);
const atlas = orMap(shelves);

/** Types differ; a list of subjects is one of unknown states. */
function subject<S>(of: LawSubject<S>): LawSubject<unknown> {
  return of as unknown as LawSubject<unknown>;
}

const sorted = (all: string[]): string[] => [...all].sort();
const entriesOf = (keys: string[], show: (key: string) => unknown): unknown => sorted(keys).map((k) => [k, show(k)]);

export const subjects: readonly LawSubject<unknown>[] = [
  subject({
    crdt: gCounter,
    mutate: (state, actor, random) => gCounter.increment(state, actor, 1 + random(3)),
    show: gCounter.value,
  }),
  subject({
    crdt: pnCounter,
    mutate: (state, actor, random) =>
      random(2) ? pnCounter.increment(state, actor, 1 + random(2)) : pnCounter.decrement(state, actor, 1 + random(2)),
    show: pnCounter.value,
  }),
  subject({
    crdt: boundedCounter,
    mutate: (state, actor, random) => {
      const move = random(3);
      if (move === 0) return boundedCounter.increment(state, actor, 1 + random(3));
      if (move === 1) return boundedCounter.decrement(state, actor, 1 + random(3));
      const to = ['a', 'b', 'c'].filter((other) => other !== actor)[random(2)]!;
      return boundedCounter.transfer(state, actor, to, 1 + random(2));
    },
    show: boundedCounter.value,
  }),
  subject({
    crdt: register,
    mutate: (_state, _actor, random) => register.set(one(random), stamp(random)),
    show: register.value,
  }),
  subject({
    crdt: values,
    mutate: (state, actor, random) => (random(4) ? values.set(state, one(random), actor) : values.clear(state)),
    show: values.value,
  }),
  subject({
    crdt: enableWinsFlag,
    mutate: (state, actor, random) => (random(2) ? enableWinsFlag.enable(state, actor) : enableWinsFlag.disable(state)),
    show: enableWinsFlag.value,
  }),
  subject({ crdt: gSet, mutate: (_s, _a, random) => gSet.add(one(random)), show: (s) => sorted(gSet.value(s)) }),
  subject({
    crdt: twoPhaseSet,
    mutate: (_s, _a, random) => (random(3) ? twoPhaseSet.add(one(random)) : twoPhaseSet.remove(one(random))),
    show: (state) => sorted(twoPhaseSet.value(state)),
  }),
  subject({
    crdt: orSet,
    mutate: (state, actor, random) => {
      const move = random(6);
      return move < 3
        ? orSet.add(state, one(random), actor)
        : move < 5
          ? orSet.remove(state, one(random))
          : orSet.clear(state);
    },
    show: (state) => sorted(orSet.value(state)),
  }),
  subject({
    crdt: shelves,
    mutate: (state, actor, random) => {
      const key = one(random);
      const move = random(8);
      if (move < 2) return shelves.remove(state, key);
      if (move < 4) return shelves.update(state, key, (set) => orSet.remove(set, one(random)));
      if (move === 4) return shelves.update(state, key, (set) => orSet.clear(set));
      return shelves.update(state, key, (set) => orSet.add(set, one(random), actor));
    },
    show: (state) => entriesOf(shelves.keys(state), (key) => sorted(orSet.value(shelves.get(state, key)!))),
  }),
  subject({
    crdt: atlas,
    mutate: (state, actor, random) => {
      const [outer, inner] = [one(random), one(random)];
      const move = random(6);
      if (move === 0) return atlas.remove(state, outer);
      if (move === 1) return atlas.update(state, outer, (map) => shelves.remove(map, inner));
      return atlas.update(state, outer, (map) =>
        shelves.update(map, inner, (set) => orSet.add(set, one(random), actor)),
      );
    },
    show: (state) =>
      entriesOf(atlas.keys(state), (outer) => {
        const map = atlas.get(state, outer)!;
        return entriesOf(shelves.keys(map), (key) => sorted(orSet.value(shelves.get(map, key)!)));
      }),
  }),
  subject({
    crdt: counts,
    mutate: (state, actor, random) => {
      const key = one(random);
      if (random(4) === 0) return counts.remove(state, key);
      return counts.update(state, key, (value) =>
        counter.update(value, actor, (inner) => pnCounter.increment(inner, actor, 1 + random(3))),
      );
    },
    show: (state) => entriesOf(counts.keys(state), (key) => pnCounter.value(counter.inner(counts.get(state, key)!))),
  }),
  subject({
    crdt: notes,
    mutate: (state, actor, random) => {
      const key = one(random);
      if (random(5) === 0) return notes.remove(state, key);
      return notes.update(state, key, (value) => note.update(value, actor, (inner) => edit(inner, actor, random)));
    },
    show: (state) => entriesOf(notes.keys(state), (key) => text.value(note.inner(notes.get(state, key)!))),
  }),
  subject({ crdt: text, mutate: edit, show: text.value }),
];

/** A random insertion or deletion. */
export function edit(state: ReturnType<typeof text.insert>, actor: string, random: Random): typeof state {
  const length = text.length(state);
  if (length > 0 && random(3) === 0) {
    const index = random(length);
    return text.delete(state, index, 1 + random(Math.min(3, length - index)));
  }
  return text.insert(state, random(length + 1), ['p', 'qr', 'stu'][random(3)]!, actor);
}
