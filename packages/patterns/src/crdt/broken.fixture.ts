/** Types that look right and are not, each with the mistake that one law is there to find. */
import type { Crdt } from './crdt.ts';
import type { LawSubject } from './index.ts';

/** A growing set, with all that a broken one needs to go wrong. */
export interface Letters {
  /** In order of arrival. */
  readonly all: readonly string[];
  /** The states that it was merged from. */
  readonly left?: Letters;
  readonly right?: Letters;
  /** Of a delta: how many letters there were where it was made. */
  readonly after?: number;
}

const EMPTY: Letters = { all: [] };
const sorted = ({ all }: Letters): string[] => [...all].sort();
export const isDelta = ({ after }: Letters): boolean => after !== undefined;
const areMany = (...states: Letters[]): boolean => states.every(({ all }) => all.length > 1);

function union(a: Letters, b: Letters): Letters {
  const fresh = b.all.filter((letter) => !a.all.includes(letter));
  return fresh.length === 0 ? a : { all: [...a.all, ...fresh], left: a, right: b };
}

export const letters: Crdt<Letters> = {
  name: 'letters',
  code: 64,
  empty: EMPTY,
  merge: union,
  equals: (a, b) => [...new Set(sorted(a))].join() === [...new Set(sorted(b))].join(),
  write: (state, writer) => writer.text(sorted(state).join('')),
  read: (reader) => ({ all: [...reader.text()] }),
};

type Change = Partial<Pick<Crdt<Letters>, 'merge' | 'write' | 'read'>> & {
  readonly show?: (state: Letters) => unknown;
};

export function change(state: Letters, _actor: string, random: (bound: number) => number): Letters {
  return { all: ['pqrstu'[random(6)]!], after: state.all.length };
}

function broken({ show = sorted, ...part }: Change): LawSubject<Letters> {
  return {
    crdt: { ...letters, ...part },
    mutate: change,
    show,
  };
}

/** A set whose merge goes wrong where `wrong` gives something. */
const merging = (wrong: (a: Letters, b: Letters) => Letters | undefined): LawSubject<Letters> =>
  broken({ merge: (a, b) => wrong(a, b) ?? union(a, b) });

const larger = (a: Letters, b: Letters): Letters =>
  a.all.length - b.all.length || (sorted(a).join() >= sorted(b).join() ? 1 : -1) > 0 ? a : b;

const inArrivalOrder: Pick<Crdt<Letters>, 'write'> = { write: ({ all }, writer) => writer.text(all.join('')) };

export const brokenTypes: readonly {
  readonly mistake: string;
  readonly law: string;
  readonly subject: LawSubject<Letters>;
  /** Of a history, if other than usual. */
  readonly steps?: number;
}[] = [
  {
    mistake: 'the state that came last replaces the other',
    law: 'inflation: a change must lead to a state at or above the one before',
    subject: merging((_a, b) => b),
  },
  {
    mistake: 'what comes twice cancels out',
    law: 'idempotence: a delta that comes twice must change nothing',
    subject: merging((a, b) => (isDelta(b) && b === a.right ? a.left : undefined)),
  },
  {
    mistake: 'two equal states cancel out',
    law: 'idempotent: merge(a, a) must be a',
    subject: merging((a, b) => (a === b && areMany(a) ? EMPTY : undefined)),
  },
  {
    mistake: 'an empty state clears',
    law: 'identity: merge(a, empty) must be a',
    subject: merging((a, b) => (b === EMPTY && areMany(a) ? EMPTY : undefined)),
  },
  {
    mistake: 'an empty state takes nothing from a large one',
    law: 'identity: merge(empty, a) must be a',
    subject: merging((a, b) => (a === EMPTY && areMany(b) ? EMPTY : undefined)),
  },
  {
    mistake: 'one of two large states wins, the first',
    law: 'commutative: merge(a, b) must be merge(b, a)',
    subject: merging((a, b) => (areMany(a, b) ? a : undefined)),
  },
  {
    mistake: 'one of two large states wins, the larger',
    law: 'associative: merge(merge(a, b), c) must be merge(a, merge(b, c))',
    subject: merging((a, b) => (areMany(a, b) ? larger(a, b) : undefined)),
  },
  {
    mistake: 'what was there before makes a copy',
    law: 'upper bound: merging a or b into merge(a, b) must give that very state back',
    subject: merging((a, b) => (b === a.left ? { all: a.all } : undefined)),
  },
  {
    mistake: 'what came last makes a copy',
    law: 'upper bound: merging a or b into merge(a, b) must give that very state back',
    subject: merging((a, b) => (b === a.right ? { all: a.all } : undefined)),
  },
  {
    mistake: 'one of two large states wins, the larger',
    law: 'permutations: replicas that merge in another order must reach the same state',
    subject: merging((a, b) => (areMany(a, b) ? larger(a, b) : undefined)),
  },
  {
    mistake: 'letters are shown in order of arrival',
    law: 'permutations: equal states must have equal values',
    subject: broken({ show: ({ all }) => all }),
  },
  {
    mistake: 'a delta is dropped when it comes before those it followed',
    law: 'delta = state: all deltas, shuffled and repeated, must give the state of all changes',
    subject: merging((a, b) => (b.after !== undefined && a.all.length < b.after ? a : undefined)),
  },
  {
    mistake: 'letters are shown in order of arrival',
    law: 'delta = state: all deltas must give the value of all changes',
    subject: broken({ show: ({ all }) => all }),
  },
  {
    mistake: 'of two deltas the second replaces the first',
    law: 'delta groups: deltas merged with each other first must give the same state',
    subject: merging((a, b) => (isDelta(a) && isDelta(b) ? b : undefined)),
  },
  {
    mistake: 'letters are written in order of arrival',
    law: 'equality: states must be equal if and only if they are the same bytes',
    subject: broken(inArrivalOrder),
  },
  {
    mistake: 'small states, which no replica ends with, are shown in order of arrival',
    law: 'equality: equal states must have equal values',
    subject: broken({ show: (state) => (state.all.length === 2 ? state.all : sorted(state)) }),
    steps: 40,
  },
  {
    mistake: 'a letter is lost in reading',
    law: 'round trip: a state that is written and read must be the same',
    subject: broken({ read: (reader) => ({ all: [...reader.text()].slice(1) }) }),
  },
  {
    mistake: 'what is shown is not written',
    law: 'round trip: a state that is written and read must have the same value',
    subject: broken({ show: ({ all, left, after }) => all.length === 0 || left !== undefined || after !== undefined }),
  },
  {
    mistake: 'letters are doubled in reading',
    law: 'round trip: a state must have one form as bytes',
    subject: broken({
      read: (reader) => ({ all: [...reader.text()].flatMap((letter) => [letter, letter]) }),
      show: ({ all }) => [...new Set(all)].sort(),
    }),
  },
  {
    mistake: 'letters are written in order of arrival',
    law: 'round trip: equal states must be equal bytes',
    subject: broken(inArrivalOrder),
  },
];
