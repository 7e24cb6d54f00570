/** Values of large entries stay in the entries' own buffers: whatever becomes of these, each key and revision must read as it was written. */
import { expect, test } from 'vitest';
import { encodeCommand } from '../codec/index.ts';
import { Bench, del, put } from './machine.fixture.ts';

/** Of a size that is copied, or that stays in an entry of a hundred. */
const valueOf = (i: number, round: number): string => `${round}/${i}.`.repeat(i % 5 === 0 ? 4 : 60);

/** Several entries of a hundred puts each, over the same keys. */
function filled(rounds: number): { readonly bench: Bench; readonly revisionAfter: number[] } {
  const bench = new Bench();
  const revisionAfter: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const commands = Array.from({ length: 100 }, (_, i) => encodeCommand(put(`key${i}`, valueOf(i, round))));
    bench.applyEncoded(...commands);
    revisionAfter.push(bench.machine.revision);
  }
  return { bench, revisionAfter };
}

const read = (bench: Bench, i: number, revision = 0): string | undefined =>
  bench
    .content(revision)
    .find((line) => line.startsWith(`key${i}=`))
    ?.replace(/^key\d+=(.*)@\d+$/s, '$1');

test('every revision reads as it was written, before and after what is old has been compacted', () => {
  const { bench, revisionAfter } = filled(6);
  for (const [round, revision] of revisionAfter.entries()) {
    for (const i of [0, 1, 42, 99]) expect(read(bench, i, revision)).toBe(valueOf(i, round));
  }
  // One key in ten outlives the others of its entry, which is emptied for it.
  const last = Array.from({ length: 100 }, (_, i) => i).filter((i) => i % 10 !== 1);
  bench.applyEncoded(...last.map((i) => encodeCommand(put(`key${i}`, valueOf(i, 6)))));
  bench.do({ kind: 'compact', revision: bench.machine.revision });
  const before = bench.machine.valueBytes;
  bench.flush();
  expect(bench.machine.valueBytes).toBeLessThan(before);
  for (let i = 0; i < 100; i++) expect(read(bench, i)).toBe(valueOf(i, i % 10 === 1 ? 5 : 6));
});

test('a copy of the state is the same, though its values came otherwise', async () => {
  const { bench, revisionAfter } = filled(3);
  bench.do(del('key7', 'key8'));
  const copy = new Bench();
  await copy.restore(await bench.snapshot());
  for (const revision of [...revisionAfter, 0]) expect(copy.content(revision)).toEqual(bench.content(revision));
  expect(Buffer.concat(await copy.snapshot()).equals(Buffer.concat(await bench.snapshot()))).toBe(true);
});
