/** Measures what finding a difference costs, method by method. `REWRITE=1 npx vitest run …` writes docs/tables/reconciliation.md anew. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  answerMerkle,
  levelsFor,
  MerkleDiff,
  MerkleTree,
  platformDigest,
  RangeReconciliation,
  RangeSet,
  RatelessDecoder,
  RatelessEncoder,
  SHA256,
  sipKey,
} from './index.ts';

const ITEMS = 10_000;
const ITEM_BYTES = 32;
const digest = platformDigest(SHA256, (bytes) => createHash('sha256').update(bytes).digest());
const item = (n: number): Uint8Array => digest.of(Uint8Array.of(n, n >> 8, n >> 16));
const all = Array.from({ length: ITEMS }, (_, n) => item(n));
const inOrder = [...all].sort(Buffer.compare);

interface Cost {
  readonly bytes: number;
  /** A message there and one back. */
  readonly rounds: number;
  readonly found: number;
}

function merkle(mine: readonly Uint8Array[], theirs: readonly Uint8Array[]): Cost {
  const levels = levelsFor(ITEMS);
  const [left, right] = [mine, theirs].map((items) => {
    const tree = new MerkleTree({ levels, digest });
    for (const each of items)
      tree.add(tree.bucketOf(new DataView(each.buffer, each.byteOffset).getUint32(4)), each.subarray(0, 16));
    return tree;
  }) as [MerkleTree, MerkleTree];
  const diff = new MerkleDiff(left);
  let bytes = 0;
  let rounds = 0;
  for (let question = diff.question; question !== undefined; question = diff.question) {
    const answer = answerMerkle(right, question);
    bytes += question.length + answer.length;
    rounds += 1;
    diff.accept(answer);
  }
  if (diff.buckets.length === 0) return { bytes, rounds, found: 0 };
  // One more round: the items of the buckets that differ.
  const wanted = new Set(diff.buckets);
  const inBuckets = (items: readonly Uint8Array[]) =>
    items.filter((each) => wanted.has(left.bucketOf(new DataView(each.buffer, each.byteOffset).getUint32(4))));
  const names = (items: readonly Uint8Array[]) =>
    new Set(inBuckets(items).map((each) => Buffer.from(each).toString('hex')));
  const [a, b] = [names(mine), names(theirs)];
  const found = [...a].filter((name) => !b.has(name)).length + [...b].filter((name) => !a.has(name)).length;
  return { bytes: bytes + wanted.size * 2 + (a.size + b.size) * ITEM_BYTES, rounds: rounds + 1, found };
}

function ranges(mine: readonly Uint8Array[], theirs: readonly Uint8Array[]): Cost {
  const [left, right] = [mine, theirs].map((items) => {
    const set = new RangeSet(ITEM_BYTES, digest);
    for (const each of items) set.add(each);
    return set;
  }) as [RangeSet, RangeSet];
  const [asker, other] = [new RangeReconciliation(left, { digest }), new RangeReconciliation(right, { digest })];
  let messages = 0;
  let bytes = 0;
  let message: Uint8Array | undefined = asker.start();
  for (; message !== undefined; messages++) {
    bytes += message.length;
    message = (messages % 2 === 0 ? other : asker).receive(message);
  }
  return { bytes, rounds: Math.max(1, Math.ceil(messages / 2)), found: asker.missing.length + asker.surplus.length };
}

function rateless(mine: readonly Uint8Array[], theirs: readonly Uint8Array[]): Cost {
  const options = { itemBytes: ITEM_BYTES, key: sipKey(new Uint8Array(16)) };
  const [encoder, decoder] = [new RatelessEncoder(options), new RatelessDecoder(options)];
  for (const each of mine) encoder.add(each);
  for (const each of theirs) decoder.add(each);
  let bytes = 0;
  for (let done = 'more'; done === 'more'; ) {
    const symbols = encoder.produce(Math.max(4, encoder.produced >> 5));
    bytes += symbols.length;
    done = decoder.receive(symbols);
  }
  return { bytes, rounds: 1, found: decoder.missing.length + decoder.surplus.length };
}

const whole = (mine: readonly Uint8Array[], theirs: readonly Uint8Array[], found: number): Cost => ({
  bytes: (mine.length + theirs.length) * ITEM_BYTES,
  rounds: 1,
  found,
});

test('the table of bytes and rounds against the size of the difference is the one in the manual', () => {
  const cell = ({ bytes, rounds }: Cost) => `${bytes.toLocaleString('en')} · ${rounds}`;
  const rows = ['scattered', 'together'].flatMap((where) =>
    [0, 1, 10, 100, 1000]
      .filter((d) => where === 'scattered' || d >= 10)
      .map((difference) => {
        // Half of the items that differ are missing here, half there.
        const pool = where === 'scattered' ? all : inOrder.slice(3000).concat(inOrder.slice(0, 3000));
        const mine = pool.slice(Math.floor(difference / 2));
        const theirs = [...pool.slice(0, Math.floor(difference / 2)), ...pool.slice(difference)];
        const costs = [
          whole(mine, theirs, difference),
          merkle(mine, theirs),
          ranges(mine, theirs),
          rateless(mine, theirs),
        ];
        expect(costs.map((cost) => cost.found)).toEqual(costs.map(() => difference));
        return `| ${where} | ${difference.toLocaleString('en')} | ${costs.map(cell).join(' | ')} |`;
      }),
  );
  const text = `# What finding a difference costs

Two sets of ${ITEMS.toLocaleString('en')} items of ${ITEM_BYTES} bytes that differ in some items, half of them missing on either side. In each cell: bytes sent in both
directions · rounds (a message there and its answer). *Scattered* items differ anywhere in the order of the set, items that differ
*together* follow one another in it, as the newest ones do when they sort by time.

Made by \`packages/patterns/src/integrity/reconciliation-table.test.ts\`, which fails when it is no longer true; \`REWRITE=1\` writes it anew.

| where | differing | send all | Merkle tree (${levelsFor(ITEMS)} levels, then the buckets) | ranges | rateless |
|---|--:|--:|--:|--:|--:|
${rows.join('\n')}

- **Rateless** sends the least when differences are scattered, and knows neither rounds nor the size of the difference in advance; only the receiver learns it.
- **Ranges** send the least when differences lie together; both sides learn the difference; nothing need be kept between exchanges but the sorted set.
- A **Merkle tree** is the cheapest to keep and to ask when nothing differs, and compares values that are too large to be items.
`;
  const file = new URL('../../../../docs/tables/reconciliation.md', import.meta.url);
  if (process.env['REWRITE']) {
    mkdirSync(new URL('.', file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(readFileSync(file, 'utf8')).toBe(text);
});
