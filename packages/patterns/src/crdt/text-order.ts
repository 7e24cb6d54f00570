/** Where each visible character of a text stands: the walk over its tree of blocks. */
import type { Dot } from '../time/index.ts';
import { compareBlocks, sameDot, type TextBlock, type TextRun } from './text-block.ts';
import type { TextBlocks } from './text-blocks.ts';
import { type TextSpan, TextSpans } from './text-spans.ts';

export interface TextPlace {
  readonly block: Dot;
  readonly index: number;
}

const NONE: readonly never[] = [];

/** A block whose characters are being passed, and how far. */
interface Visit {
  readonly block: TextBlock | undefined;
  readonly runs: readonly TextRun[];
  readonly children: readonly TextBlock[];
  child: number;
  run: number;
  at: number;
}

/**
 * All visible characters in order: left to right through the tree, where the children at offset 2i and below come before character i of their parent.
 * Blocks whose parent has not arrived stay invisible until it does. O(blocks log blocks + runs); no recursion, since texts typed backwards are deep.
 */
export function spansOf(blocks: TextBlocks): TextSpans {
  const tree = new Children(blocks);
  const spans: TextSpan[] = [];
  const stack = [visitOf(undefined, tree.ofRoot)];
  for (let top = stack[0]; top !== undefined; top = stack[stack.length - 1]) {
    const child = top.children[top.child];
    pass(top, child === undefined ? Number.POSITIVE_INFINITY : Math.ceil(child.offset / 2), spans);
    if (child === undefined) {
      stack.pop();
      continue;
    }
    top.child += 1;
    stack.push(visitOf(child, tree.of(child.id)));
  }
  return TextSpans.of(spans);
}

function visitOf(block: TextBlock | undefined, children: readonly TextBlock[]): Visit {
  return { block, runs: block?.runs ?? NONE, children, child: 0, run: 0, at: 0 };
}

/** Appends what is visible of the block before its character `until`. */
function pass(visit: Visit, until: number, spans: TextSpan[]): void {
  for (let run = visit.runs[visit.run]; run !== undefined; run = visit.runs[visit.run]) {
    const end = run.from + run.length;
    const from = Math.max(visit.at, run.from);
    visit.at = Math.min(end, until);
    if (run.text !== undefined && visit.at > from)
      spans.push({ block: visit.block!.id, from, text: run.text.slice(from - run.from, visit.at - run.from) });
    if (end > until) return;
    visit.run += 1;
  }
}

/** Which blocks hang on which, in order. */
class Children {
  readonly ofRoot: TextBlock[] = [];
  readonly #ofBlocks: Map<string, Map<number, TextBlock[]>> = new Map();

  constructor(blocks: TextBlocks) {
    blocks.forEach((block) => {
      const siblings = block.parent === undefined ? this.ofRoot : this.#siblings(block.parent);
      siblings.push(block);
    });
    this.ofRoot.sort(compareBlocks);
    for (const ofActor of this.#ofBlocks.values())
      for (const siblings of ofActor.values()) if (siblings.length > 1) siblings.sort(compareBlocks);
  }

  of({ actor, counter }: Dot): readonly TextBlock[] {
    return this.#ofBlocks.get(actor)?.get(counter) ?? NONE;
  }

  #siblings({ actor, counter }: Dot): TextBlock[] {
    let ofActor = this.#ofBlocks.get(actor);
    if (ofActor === undefined) {
      ofActor = new Map();
      this.#ofBlocks.set(actor, ofActor);
    }
    let siblings = ofActor.get(counter);
    if (siblings === undefined) {
      siblings = [];
      ofActor.set(counter, siblings);
    }
    return siblings;
  }
}

/**
 * Whether a character of block `place`, which stands right behind one of block `on`, hangs on the right of that, however far below: so it does if its block
 * is `on` or hangs on it, since what hangs on the left stands before. Of two neighbours one mostly hangs on the other, or both on the same: so both ways
 * up are taken at once, until it is plain. O(depth).
 */
export function isRightOf(blocks: TextBlocks, place: Dot, on: Dot): boolean {
  if (sameDot(place, on)) return true;
  let { parent } = blocks.get(place)!;
  let { parent: other } = blocks.get(on)!;
  while (parent !== undefined) {
    if (sameDot(parent, on)) return true;
    if (other !== undefined) {
      if (sameDot(other, place) || sameDot(other, parent)) return false;
      other = blocks.get(other)!.parent;
    }
    parent = blocks.get(parent)!.parent;
  }
  return false;
}
