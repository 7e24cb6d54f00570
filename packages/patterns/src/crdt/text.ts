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
import { assert } from '../base/index.ts';
import { type Dot, DotContext } from '../time/index.ts';
import type { Crdt } from './crdt.ts';
import { endOf, isGone, ROOT_OFFSET, type TextBlock } from './text-block.ts';
import { TextBlocks } from './text-blocks.ts';
import { readText, writeText } from './text-bytes.ts';
import { isRightOf, spansOf, type TextPlace } from './text-order.ts';
import type { SpanPlace, TextSpans } from './text-spans.ts';

export class TextState {
  readonly blocks: TextBlocks;
  /** Blocks that were dropped by `collect`, and must not come back with an old delta. */
  readonly collected: DotContext;
  /** For a delta made here: the state it was made from, and the order after it. Merging it there need not work the order out. */
  readonly hint: { readonly base: TextState; readonly spans: TextSpans } | undefined;
  #spans: TextSpans | undefined;

  constructor(
    blocks: TextBlocks,
    collected: DotContext,
    known: { readonly spans?: TextSpans; readonly hint?: TextState['hint'] } = {},
  ) {
    this.blocks = blocks;
    this.collected = collected;
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

const EMPTY: TextState = new TextState(TextBlocks.empty, DotContext.empty);

export const text: TextType = {
  name: 'text',
  code: 12,
  empty: EMPTY,
  merge,
  equals: (a, b) => a === b || (a.collected.equals(b.collected) && a.blocks.equals(b.blocks)),
  write: ({ blocks, collected }, writer) => writeText(blocks, collected, writer),
  read: (reader) => {
    const { all, collected } = readText(reader);
    return new TextState(TextBlocks.of(all), collected);
  },
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
  if (a === EMPTY && b.hint === undefined) return b;
  const collected = a.collected.merge(b.collected);
  const blocks = (collected === a.collected ? a.blocks : without(a.blocks, collected)).merge(b.blocks, collected);
  if (blocks === a.blocks && collected === a.collected) return a;
  return new TextState(blocks, collected, b.hint?.base === a ? { spans: b.hint.spans } : {});
}

function without(blocks: TextBlocks, collected: DotContext): TextBlocks {
  let left = blocks;
  blocks.forEach(({ id }) => {
    if (collected.has(id.actor, id.counter)) left = left.without(id);
  });
  return left;
}

function insert(state: TextState, index: number, inserted: string, actor: string): TextState {
  assert(inserted.length > 0 && !/\p{Surrogate}/u.test(inserted), 'what is inserted must be text, and not empty');
  const at = boundary(state, index);
  const block = placeFor(state, placeOf(state.spans.at(index - 1)), placeOf(at), actor, inserted);
  const span = { block: block.id, from: block.runs[0]!.from, text: inserted };
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
  const id = { actor, counter: Math.max(state.collected.last(actor), state.blocks.last(actor)) + 1 };
  // Everything hangs on the right of the root.
  if (after !== undefined && (before === undefined || isRightOf(state.blocks, after.block, before.block)))
    return { id, parent: after.block, offset: 2 * after.index, runs: run(0) };
  if (before === undefined) return { id, parent: undefined, offset: ROOT_OFFSET, runs: run(0) };
  const block = state.blocks.get(before.block)!;
  if (block.id.actor === actor && endOf(block) === before.index + 1) return { ...block, runs: run(before.index + 1) };
  return { id, parent: block.id, offset: 2 * before.index + 1, runs: run(0) };
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
  let blocks: TextBlocks | undefined;
  for (const block of changed) {
    const one = TextBlocks.ofOne(block);
    blocks = blocks?.merge(one, DotContext.empty) ?? one;
  }
  return new TextState(blocks ?? TextBlocks.empty, DotContext.empty, { hint });
}

/** Where the visible character at `index` is; undefined for the end. */
function boundary(state: TextState, index: number): SpanPlace | undefined {
  const { spans } = state;
  assert(Number.isSafeInteger(index) && index >= 0 && index <= spans.length, `index ${index} must be within the text`);
  const at = spans.at(index);
  if (at !== undefined && at.within > 0) {
    const before = at.span.text.codePointAt(at.within - 1)!;
    assert(before <= 0xffff, `index ${index} must not be inside a surrogate pair`);
  }
  return at;
}

function collect(state: TextState, stable: TextState): TextState {
  /** How many hang on each block, and on the root. */
  const children = new Map<TextBlock | undefined, number>();
  const parentOf = ({ parent }: TextBlock): TextBlock | undefined => parent && state.blocks.get(parent);
  state.blocks.forEach((block) => {
    const parent = parentOf(block);
    children.set(parent, (children.get(parent) ?? 0) + 1);
  });
  let blocks = state.blocks;
  const dropped: Dot[] = [];
  const dropWithParents = (leaf: TextBlock): void => {
    for (let block: TextBlock | undefined = leaf; block !== undefined; ) {
      if (children.has(block) || !isGone(block) || !wasGone(block, stable)) return;
      dropped.push(block.id);
      blocks = blocks.without(block.id);
      block = parentOf(block);
      const left = children.get(block)! - 1;
      if (left > 0) children.set(block, left);
      else children.delete(block);
    }
  };
  state.blocks.forEach((block) => {
    if (blocks.get(block.id) !== undefined) dropWithParents(block);
  });
  return dropped.length === 0 ? state : new TextState(blocks, state.collected.merge(DotContext.of(dropped)));
}

function wasGone(block: TextBlock, stable: TextState): boolean {
  const then = stable.blocks.get(block.id);
  return then !== undefined && isGone(then) && endOf(then) === endOf(block);
}
