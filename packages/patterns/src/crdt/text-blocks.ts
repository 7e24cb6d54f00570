/** The blocks of a text, by their dots: for each actor a map of counters. Immutable. */
import type { Dot, DotContext } from '../time/index.ts';
import { type MergeRule, PersistentMap, PersistentMapBuilder } from './persistent-map.ts';
import { mergeBlocks, sameRuns, type TextBlock } from './text-block.ts';

interface OfActor {
  /** The largest counter that there was, if only of a block that is gone. */
  readonly last: number;
  readonly blocks: PersistentMap<TextBlock, number>;
}

export class TextBlocks {
  // Not by name: the compiler's emit puts an alias in its place here, which is not yet assigned.
  static readonly empty: TextBlocks = new this(PersistentMap.empty());

  readonly #actors: PersistentMap<OfActor>;

  private constructor(actors: PersistentMap<OfActor>) {
    this.#actors = actors;
  }

  static ofOne(block: TextBlock): TextBlocks {
    const { actor, counter } = block.id;
    return new TextBlocks(PersistentMap.ofOne(actor, { last: counter, blocks: PersistentMap.ofOne(counter, block) }));
  }

  /** By actor, then by counter, ascending; throws when an actor comes twice. */
  static of(all: Iterable<readonly TextBlock[]>): TextBlocks {
    const actors = new PersistentMapBuilder<OfActor>();
    for (const blocks of all) {
      const builder = new PersistentMapBuilder<TextBlock, number>();
      for (const block of blocks) builder.add(block.id.counter, block);
      const last = blocks[blocks.length - 1]!.id;
      actors.add(last.actor, { last: last.counter, blocks: builder.build() });
    }
    return new TextBlocks(actors.build());
  }

  get size(): number {
    let size = 0;
    this.#actors.forEach(({ blocks }) => {
      size += blocks.size;
    });
    return size;
  }

  get({ actor, counter }: Dot): TextBlock | undefined {
    return this.#actors.get(actor)?.blocks.get(counter);
  }

  /** The largest counter of the actor's blocks, at least of those that are here; 0 when there is none. */
  last(actor: string): number {
    return this.#actors.get(actor)?.last ?? 0;
  }

  forEach(visit: (block: TextBlock) => void): void {
    this.#actors.forEach(({ blocks }) => {
      blocks.forEach(visit);
    });
  }

  /** The blocks of each actor in the order of counters; the actors in that of their names. */
  sorted(): TextBlock[][] {
    const names = this.#actors.keys().sort();
    return names.map((actor) => {
      const ofActor: TextBlock[] = [];
      this.#actors.get(actor)!.blocks.forEach((block) => {
        ofActor.push(block);
      });
      return ofActor.sort((a, b) => a.id.counter - b.id.counter);
    });
  }

  /** Both, but for those that are in `collected`; of which none are here. This itself when `other` adds nothing. */
  merge(other: TextBlocks, collected: DotContext): TextBlocks {
    const blocks: MergeRule<TextBlock> = {
      both: mergeBlocks,
      theirs: (theirs) => (collected.has(theirs.id.actor, theirs.id.counter) ? undefined : theirs),
    };
    const actors = this.#actors.merge(other.#actors, {
      both: (mine, theirs) => {
        const merged = mine.blocks.merge(theirs.blocks, blocks);
        return merged === mine.blocks ? mine : { last: Math.max(mine.last, theirs.last), blocks: merged };
      },
      theirs: (theirs) => {
        const left = PersistentMap.empty<TextBlock, number>().merge(theirs.blocks, blocks);
        return left === theirs.blocks ? theirs : left.size === 0 ? undefined : { last: theirs.last, blocks: left };
      },
    });
    return actors === this.#actors ? this : actors === other.#actors ? other : new TextBlocks(actors);
  }

  /** All but one that is here. */
  without({ actor, counter }: Dot): TextBlocks {
    const { last, blocks: before } = this.#actors.get(actor)!;
    const blocks = before.delete(counter);
    return new TextBlocks(blocks.size === 0 ? this.#actors.delete(actor) : this.#actors.set(actor, { last, blocks }));
  }

  /** Whether both have the same blocks with the same characters, in the same states. */
  equals(other: TextBlocks): boolean {
    return this.#actors.equals(other.#actors, (a, b) => a.blocks.equals(b.blocks, (x, y) => sameRuns(x.runs, y.runs)));
  }
}
