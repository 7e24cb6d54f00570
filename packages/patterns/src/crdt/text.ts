/**
 * A sequence for text that several edit at once. Every character has a place that never changes and is never used again, so insertions
 * and deletions commute; runs that two people type at the same spot are not mixed, forwards or backwards.
 *
 * Weidner and Kleppmann, "The Art of the Fugue: Minimizing Interleaving in Collaborative Text Editing", 2023, section 4: a character goes on the right of its left
 * neighbour, or, where that already has something on its right, on the left of its right neighbour. Different here: neighbours are the *visible* ones,
 * so nothing ever hangs on what was deleted before (this makes garbage collection safe); and what is typed in one go is one block (see `TextBlock`), which
 * takes a few bytes and no tree of its own.
 *
 * Immutable. Indexes are UTF-16 units, as in strings. An edit is O(log blocks + depth of its block); the order after a merge from elsewhere is worked
 * out when it is next asked for, O(blocks log blocks).
 */
import { assert, type ByteReader, type ByteWriter } from '../base/index.ts';
import { type Dot, DotContext } from '../time/index.ts';
import type { Crdt } from './crdt.ts';
import { PersistentMap } from './persistent-map.ts';
import { endOf, isGone, mergeBlocks, ROOT_KEY, ROOT_OFFSET, readBlock, sameRuns, type TextBlock, textBlock, writeBlock } from './text-block.ts'; // biome-ignore format: one import
import { isRightOf, spansOf, type TextPlace } from './text-order.ts';
import type { SpanPlace, TextSpans } from './text-spans.ts';

export class TextState {
  readonly blocks: PersistentMap<TextBlock>;
  /** Blocks that were dropped by `collect`, and must not come back with an old delta. */
  readonly collected: DotContext;
  /** All blocks ever seen. */
  readonly ids: DotContext;
  /** For a delta made here: the state it was made from, and the order after it. Merging it there need not work the order out. */
  readonly hint: { readonly base: TextState; readonly spans: TextSpans } | undefined;
  #spans: TextSpans | undefined;

  constructor(
    blocks: PersistentMap<TextBlock>,
    collected: DotContext,
    ids: DotContext,
    known: { readonly spans?: TextSpans; readonly hint?: TextState['hint'] } = {},
  ) {
    this.blocks = blocks;
    this.collected = collected;
    this.ids = ids;
    this.hint = known.hint;
    this.#spans = known.spans;
  }

  /** The visible characters in order. Worked out once. */
  get spans(): TextSpans {
    this.#spans ??= spansOf(this.blocks);
    return this.#spans;
  }
}

export interface TextType extends Crdt<TextState> {
  /** Delta: `text` before the visible character at `index` (or at the end), typed by `actor`. Throws outside the text, or inside a surrogate pair. */
  insert(state: TextState, index: number, text: string, actor: string): TextState;
  /** Delta: `count` visible characters from `index` on are deleted. */
  delete(state: TextState, index: number, count: number): TextState;
  length(state: TextState): number;
  value(state: TextState): string;
  /**
   * The state without blocks that are deleted whole, on which nothing hangs, and that are so in `stable`: a state that every replica has merged, and after which
   * nothing can arrive that was made without it (see `StabilityTracker`). Its value is the same. Merging with replicas that have not collected stays safe.
   */
  collect(state: TextState, stable: TextState): TextState;
}

const EMPTY: TextState = new TextState(PersistentMap.empty(), DotContext.empty, DotContext.empty);

export const text: TextType = {
  name: 'text',
  code: 12,
  empty: EMPTY,
  merge,
  equals: (a, b) =>
    a === b ||
    (a.collected.equals(b.collected) && a.blocks.equals(b.blocks, (x, y) => x === y || sameRuns(x.runs, y.runs))),
  write,
  read,
  insert,
  delete: remove,
  length: (state) => state.spans.length,
  value,
  collect,
};

function value(state: TextState): string {
  const parts: string[] = [];
  state.spans.forEach((span) => {
    parts.push(span.text);
  });
  return parts.join('');
}

function merge(a: TextState, b: TextState): TextState {
  if (a === b) return a;
  if (a === EMPTY && b.hint === undefined) return b;
  const collected = a.collected.merge(b.collected);
  let blocks = a.blocks;
  if (collected !== a.collected)
    a.blocks.forEach(({ id, key }) => {
      if (collected.has(id.actor, id.counter)) blocks = blocks.delete(key);
    });
  blocks = blocks.merge(b.blocks, {
    both: mergeBlocks,
    theirs: (theirs) => (collected.has(theirs.id.actor, theirs.id.counter) ? undefined : theirs),
  });
  if (blocks === a.blocks && collected === a.collected) return a;
  return new TextState(blocks, collected, a.ids.merge(b.ids), b.hint?.base === a ? { spans: b.hint.spans } : {});
}

function insert(state: TextState, index: number, inserted: string, actor: string): TextState {
  assert(inserted.length > 0 && !/\p{Surrogate}/u.test(inserted), 'what is inserted must be text, and not empty');
  const at = boundary(state, index);
  const block = placeFor(state, placeOf(state.spans.at(index - 1)), placeOf(at), actor, inserted);
  const span = { block: block.key, from: block.runs[0]!.from, text: inserted };
  return deltaOf([block], { base: state, spans: state.spans.splice(index, index, span) });
}

function placeOf(at: SpanPlace | undefined): TextPlace | undefined {
  return at && { block: at.span.block, index: at.span.from + at.within };
}

/** Fugue's rule; on the right of a character that is the last of one's own block, the block just grows. */
function placeFor(
  state: TextState,
  before: TextPlace | undefined,
  after: TextPlace | undefined,
  actor: string,
  inserted: string,
): TextBlock {
  const run = (from: number) => [{ from, length: inserted.length, text: inserted }];
  const id = state.ids.next(actor);
  // Everything hangs on the right of the root.
  if (after !== undefined && (before === undefined || isRightOf(state.blocks, after, before)))
    return textBlock(id, idOf(state, after), 2 * after.index, run(0));
  if (before === undefined) return textBlock(id, undefined, ROOT_OFFSET, run(0));
  const block = state.blocks.get(before.block)!;
  if (block.id.actor === actor && endOf(block) === before.index + 1) return { ...block, runs: run(before.index + 1) };
  return textBlock(id, block.id, 2 * before.index + 1, run(0));
}

function idOf(state: TextState, place: TextPlace): Dot {
  return state.blocks.get(place.block)!.id;
}

function remove(state: TextState, index: number, count: number): TextState {
  assert(
    Number.isSafeInteger(count) && count >= 0,
    'a number of characters must be a safe integer that is not negative',
  );
  const end = index + count;
  boundary(state, index);
  boundary(state, end);
  const gone: TextBlock[] = [];
  state.spans.forEach(
    ({ block, from, text: { length } }) => {
      gone.push({ ...state.blocks.get(block)!, runs: [{ from, length, text: undefined }] });
    },
    index,
    end,
  );
  return deltaOf(gone, { base: state, spans: state.spans.splice(index, end, undefined) });
}

function deltaOf(changed: readonly TextBlock[], hint: TextState['hint']): TextState {
  let blocks = PersistentMap.empty<TextBlock>();
  for (const block of changed) {
    const other = blocks.get(block.key);
    blocks = blocks.set(block.key, other === undefined ? block : mergeBlocks(other, block));
  }
  return new TextState(blocks, DotContext.empty, DotContext.of(changed.map(({ id }) => id)), { hint });
}

/** Where the visible character at `index` is; undefined for the end. */
function boundary(state: TextState, index: number): SpanPlace | undefined {
  const { spans } = state;
  assert(Number.isSafeInteger(index) && index >= 0 && index <= spans.length, `index ${index} must be within the text`);
  const at = spans.at(index);
  if (at !== undefined && at.within > 0) {
    const pair = at.span.text.slice(at.within - 1, at.within + 1);
    assert(pair.codePointAt(0)! <= 0xffff, `index ${index} must not be inside a surrogate pair`);
  }
  return at;
}

function collect(state: TextState, stable: TextState): TextState {
  const children = new Map<string, number>();
  state.blocks.forEach(({ parentKey }) => {
    children.set(parentKey, (children.get(parentKey) ?? 0) + 1);
  });
  let blocks = state.blocks;
  const dropped: Dot[] = [];
  const dropWithParents = (leaf: TextBlock): void => {
    for (let block: TextBlock | undefined = leaf; block !== undefined; ) {
      if (children.has(block.key) || !isGone(block) || !stableAndGone(block, stable)) return;
      dropped.push(block.id);
      blocks = blocks.delete(block.key);
      const left = (children.get(block.parentKey) ?? 0) - 1;
      if (left > 0) children.set(block.parentKey, left);
      else children.delete(block.parentKey);
      block = block.parentKey === ROOT_KEY ? undefined : blocks.get(block.parentKey);
    }
  };
  state.blocks.forEach((block) => {
    if (blocks.has(block.key)) dropWithParents(block);
  });
  return dropped.length === 0 ? state : new TextState(blocks, state.collected.merge(DotContext.of(dropped)), state.ids);
}

function stableAndGone(block: TextBlock, stable: TextState): boolean {
  if (stable.collected.has(block.id.actor, block.id.counter)) return true;
  const then = stable.blocks.get(block.key);
  return then !== undefined && isGone(then) && endOf(then) === endOf(block);
}

function write(state: TextState, writer: ByteWriter): void {
  const actors = new Set<string>();
  state.blocks.forEach(({ id, parent }) => {
    actors.add(id.actor);
    if (parent !== undefined) actors.add(parent.actor);
  });
  const table = new Map([...actors].sort().map((actor, at) => [actor, at]));
  state.collected.write(writer);
  writer.uint(table.size);
  for (const actor of table.keys()) writer.text(actor);
  writer.uint(state.blocks.size);
  state.blocks.forEach((block) => {
    writeBlock(block, writer, table);
  });
}

function read(reader: ByteReader): TextState {
  const collected = DotContext.read(reader);
  const actors = Array.from({ length: reader.count() }, () => reader.text());
  const blocks: TextBlock[] = [];
  for (let left = reader.count(4); left > 0; left--) {
    const block = readBlock(reader, actors);
    assert(!collected.has(block.id.actor, block.id.counter), 'a block must not be both present and collected');
    blocks.push(block);
  }
  const ids = collected.merge(DotContext.of(blocks.map(({ id }) => id)));
  return new TextState(PersistentMap.of(blocks.map((block) => [block.key, block])), collected, ids);
}
