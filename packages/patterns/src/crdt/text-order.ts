/** Where each visible character of a text stands: the walk over its tree of blocks. */
import type { PersistentMap } from './persistent-map.ts';
import { compareBlocks, ROOT_KEY, type TextBlock } from './text-block.ts';
import { type TextSpan, TextSpans } from './text-spans.ts';

export interface TextPlace {
  readonly block: string;
  readonly index: number;
}

type Blocks = PersistentMap<TextBlock>;

const NO_BLOCKS: readonly TextBlock[] = [];

/**
 * All visible characters in order: left to right through the tree, where the children at offset 2i and below come before character i of their parent.
 * Blocks whose parent has not arrived stay invisible until it does. O(blocks log blocks + runs); no recursion, since texts typed backwards are deep.
 */
export function spansOf(blocks: Blocks): TextSpans {
  const children = childrenOf(blocks);
  const spans: TextSpan[] = [];
  const stack: {
    block: TextBlock | undefined;
    children: readonly TextBlock[];
    child: number;
    run: number;
    at: number;
  }[] = [];
  const enter = (block: TextBlock | undefined, key: string): void => {
    stack.push({ block, children: children.get(key) ?? NO_BLOCKS, child: 0, run: 0, at: 0 });
  };
  enter(undefined, ROOT_KEY);
  for (let top = stack[0]; top !== undefined; top = stack[stack.length - 1]) {
    const child = top.children[top.child];
    const until = child === undefined ? Number.POSITIVE_INFINITY : (child.offset + 1) >>> 1;
    const runs = top.block === undefined ? [] : top.block.runs;
    for (let run = runs[top.run]; run !== undefined && run.from < until; run = runs[top.run]) {
      const end = run.from + run.length;
      const from = Math.max(top.at, run.from);
      top.at = Math.min(end, until);
      if (run.text !== undefined && top.at > from)
        spans.push({ block: top.block!.key, from, text: run.text.slice(from - run.from, top.at - run.from) });
      if (end > until) break;
      top.run += 1;
    }
    if (child === undefined) stack.pop();
    else {
      top.child += 1;
      enter(child, child.key);
    }
  }
  return TextSpans.of(spans);
}

function childrenOf(blocks: Blocks): Map<string, TextBlock[]> {
  const children = new Map<string, TextBlock[]>();
  blocks.forEach((block) => {
    const siblings = children.get(block.parentKey);
    if (siblings === undefined) children.set(block.parentKey, [block]);
    else siblings.push(block);
  });
  for (const siblings of children.values()) if (siblings.length > 1) siblings.sort(compareBlocks);
  return children;
}

/** Whether `place` hangs on the right of `on`, however far below. O(depth). */
export function isRightOf(blocks: Blocks, place: TextPlace, on: TextPlace): boolean {
  if (place.block === on.block) return place.index > on.index;
  let block = blocks.get(place.block);
  while (block !== undefined && block.parentKey !== on.block) block = blocks.get(block.parentKey);
  return block !== undefined && block.offset > 2 * on.index;
}
