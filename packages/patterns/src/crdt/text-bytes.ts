/**
 * A text as bytes: which blocks were collected, if any, then per actor, in the order of their names, its blocks in the order of their counters. Of these
 * little more than a byte is left then, since most follow each other; and most blocks hang on one of the same actor, and are a single run.
 */
import { assert } from '../base/index.ts';
import { type Dot, DotContext } from '../time/index.ts';
import { readContext, type StateReader, type StateWriter, writeContext } from './state-bytes.ts';
import { ROOT_OFFSET, type TextBlock, type TextRun } from './text-block.ts';
import type { TextBlocks } from './text-blocks.ts';

/** What a block hangs on; with the number of its runs, it is what a block begins with. */
const ON_ROOT = 0;
const ON_SAME_ACTOR = 1;
const ON_OTHER_ACTOR = 2;
const PARENT_KINDS = 3;

export function writeText(blocks: TextBlocks, collected: DotContext, writer: StateWriter): void {
  const all = blocks.sorted();
  const hasCollected = collected.actors.length > 0;
  writer.uint(all.length * 2 + (hasCollected ? 1 : 0));
  if (hasCollected) writeContext(collected, writer);
  for (const ofActor of all) {
    writer.name(ofActor[0]!.id.actor);
    writer.uint(ofActor.length);
    let previous = 0;
    for (const block of ofActor) {
      writer.uint(block.id.counter - previous - 1);
      writeBlock(block, writer);
      previous = block.id.counter;
    }
  }
}

function writeBlock({ id, parent, offset, runs }: TextBlock, writer: StateWriter): void {
  const kind = parent === undefined ? ON_ROOT : parent.actor === id.actor ? ON_SAME_ACTOR : ON_OTHER_ACTOR;
  writer.uint((runs.length - 1) * PARENT_KINDS + kind);
  if (parent !== undefined) {
    if (kind === ON_OTHER_ACTOR) writer.name(parent.actor);
    // An actor's own blocks hang on earlier ones.
    writer.uint(kind === ON_OTHER_ACTOR ? parent.counter : id.counter - parent.counter);
    writer.uint(offset);
  }
  let at = 0;
  for (const { from, length, text } of runs) {
    writer.uint((from - at) * 2 + (text === undefined ? 0 : 1));
    if (text === undefined) writer.uint(length);
    else writer.text(text);
    at = from + length;
  }
}

/** The blocks of each actor in ascending order, and what was collected. */
export function readText(reader: StateReader): { readonly all: TextBlock[][]; readonly collected: DotContext } {
  const head = reader.uint();
  const collected = head % 2 === 1 ? readContext(reader) : DotContext.empty;
  assert(head % 2 === 0 || collected.actors.length > 0, 'what was collected must not be nothing');
  const all: TextBlock[][] = [];
  let last: string | undefined;
  for (let left = reader.atLeast(Math.floor(head / 2), 6); left > 0; left--) {
    const actor = reader.name();
    assert(last === undefined || last < actor, 'the actors of a text must be in ascending order');
    last = actor;
    all.push(readBlocks(actor, collected, reader));
  }
  return { all, collected };
}

function readBlocks(actor: string, collected: DotContext, reader: StateReader): TextBlock[] {
  const blocks: TextBlock[] = [];
  for (let left = reader.count(4), previous = 0; left > 0; left--) {
    const counter = previous + 1 + reader.uint();
    assert(Number.isSafeInteger(counter), 'the counter of a block must be a safe integer');
    assert(!collected.has(actor, counter), 'a block must not be both present and collected');
    blocks.push(readBlock({ actor, counter }, reader));
    previous = counter;
  }
  assert(blocks.length > 0, 'an actor of a text must have a block');
  return blocks;
}

function readBlock(id: Dot, reader: StateReader): TextBlock {
  const head = reader.uint();
  const kind = head % PARENT_KINDS;
  const parent = kind === ON_ROOT ? undefined : readParent(id, kind, reader);
  const offset = parent === undefined ? ROOT_OFFSET : reader.uint();
  const count = reader.atLeast((head - kind) / PARENT_KINDS + 1, 2);
  return { id, parent, offset, runs: readRuns(count, reader) };
}

function readParent(id: Dot, kind: number, reader: StateReader): Dot {
  const actor = kind === ON_SAME_ACTOR ? id.actor : reader.name();
  assert(kind === ON_SAME_ACTOR || actor !== id.actor, 'a block on one of the same actor must say so');
  const number = reader.uint();
  const counter = kind === ON_SAME_ACTOR ? id.counter - number : number;
  assert(counter > 0 && number > 0, 'the counter of a block must be above 0, and its parent earlier');
  return { actor, counter };
}

function readRuns(count: number, reader: StateReader): TextRun[] {
  const runs: TextRun[] = [];
  let last: TextRun | undefined;
  for (let left = count, at = 0; left > 0; left--) {
    const head = reader.uint();
    const from = at + Math.floor(head / 2);
    const text = head % 2 === 0 ? undefined : reader.text();
    const length = text === undefined ? reader.uint() : text.length;
    assert(length > 0 && Number.isSafeInteger(from + length), 'a run of text must not be empty');
    assert(
      last === undefined || from > at || (last.text === undefined) !== (text === undefined),
      'neighbouring runs of text that could be one must be one',
    );
    last = { from, length, text };
    if (count === 1) return [last];
    runs.push(last);
    at = from + length;
  }
  return runs;
}
