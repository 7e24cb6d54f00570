/** A store of single dots, each with a value: a flag or a set's element (no value), a multi-value register, an embedded CRDT. */
import { assert } from '../base/index.ts';
import type { Dot, DotContext } from '../time/index.ts';
import type { DotStore } from './causal.ts';
import type { Codec } from './crdt.ts';
import type { StateReader, StateWriter } from './state-bytes.ts';

/** A dot with what was written at it. */
export interface Dotted<T> extends Dot {
  readonly value: T;
}

/**
 * The dots of a key: of writes that did not see each other. Almost always there is one, and then it stands for itself: a list around it would
 * take as much memory as it. None, or several, are a list, sorted by actor, then counter.
 */
export type Dots<T> = Dotted<T> | readonly Dotted<T>[];

const NO_DOTS: readonly never[] = [];

/** In bytes: what a list begins with. One dot begins with the number of its actor, after these. */
const NONE = 0;
const SEVERAL = 1;
const FIRST_ACTOR = 2;

export function dotsStore<T>(codec: Codec<T>): DotStore<Dots<T>> {
  const writeRest = ({ counter, value }: Dotted<T>, writer: StateWriter): void => {
    writer.uint(counter);
    codec.write(value, writer);
  };
  const readRest = (actor: string, reader: StateReader): Dotted<T> => {
    const counter = reader.uint();
    return { actor, counter, value: codec.read(reader) };
  };
  return {
    empty: NO_DOTS,
    isEmpty: (dots) => !isOne(dots) && dots.length === 0,
    join: joinDots,
    forEachDot: (dots, visit) => {
      if (isOne(dots)) visit(dots);
      else for (const dot of dots) visit(dot);
    },
    equals: (a, b) => {
      if (a === b) return true;
      const [x, y] = [listOf(a), listOf(b)];
      return x.length === y.length && x.every((dot, at) => compareDots(dot, y[at]!) === 0);
    },
    write: (dots, writer) => {
      if (isOne(dots)) {
        writer.uint(FIRST_ACTOR + writer.numberOf(dots.actor));
        writeRest(dots, writer);
        return;
      }
      writer.uint(dots.length === 0 ? NONE : SEVERAL);
      if (dots.length === 0) return;
      writer.uint(dots.length);
      for (const dot of dots) {
        writer.uint(writer.numberOf(dot.actor));
        writeRest(dot, writer);
      }
    },
    read: (reader) => {
      const head = reader.uint();
      if (head >= FIRST_ACTOR) return readRest(reader.nameOf(head - FIRST_ACTOR), reader);
      if (head === NONE) return NO_DOTS;
      const dots: Dotted<T>[] = [];
      for (let left = reader.count(2); left > 0; left--) {
        const dot = readRest(reader.nameOf(reader.uint()), reader);
        const last = dots[dots.length - 1];
        assert(last === undefined || compareDots(last, dot) < 0, 'dots must be in ascending order');
        dots.push(dot);
      }
      assert(dots.length > 1, 'several dots must be more than one');
      return dots;
    },
  };
}

/** For dots without a value. */
export const nothingCodec: Codec<true> = { write: () => {}, read: () => true };

/** The dots as a list. */
export function listOf<T>(dots: Dots<T>): readonly Dotted<T>[] {
  return isOne(dots) ? [dots] : dots;
}

/** The dots of a sorted list. */
export function dotsOf<T>(list: readonly Dotted<T>[]): Dots<T> {
  return list.length === 1 ? list[0]! : list;
}

function isOne<T>(dots: Dots<T>): dots is Dotted<T> {
  return !Array.isArray(dots);
}

function compareDots(a: Dot, b: Dot): number {
  return a.actor < b.actor ? -1 : a.actor > b.actor ? 1 : a.counter - b.counter;
}

function joinDots<T>(a: Dots<T>, ca: DotContext, b: Dots<T>, cb: DotContext): Dots<T> {
  if (a === b) return a;
  // Without a list, the two commonest cases: both know the same dot; and a write that nobody else has seen anything of.
  if (isOne(b)) {
    if (isOne(a) && compareDots(a, b) === 0) return a;
    if (!isOne(a) && a.length === 0) return ca.has(b.actor, b.counter) ? a : b;
  }
  const mine = listOf(a);
  const joined = joinLists(mine, ca, listOf(b), cb);
  const isSame = joined.length === mine.length && joined.every((dot, at) => dot === mine[at]);
  return isSame ? a : dotsOf(joined);
}

function joinLists<T>(
  a: readonly Dotted<T>[],
  ca: DotContext,
  b: readonly Dotted<T>[],
  cb: DotContext,
): readonly Dotted<T>[] {
  const joined: Dotted<T>[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const [x, y] = [a[i], b[j]];
    const order = x === undefined ? 1 : y === undefined ? -1 : compareDots(x, y);
    if (order === 0 || (order < 0 && !cb.has(x!.actor, x!.counter))) joined.push(x!);
    else if (order > 0 && !ca.has(y!.actor, y!.counter)) joined.push(y!);
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
  }
  return joined;
}
