/** A log that is kept for readers who come later: found into by offset and by time, cut by age, and compacted to the last value of each key. */
import { WallTime } from '@quorate/patterns/base';
import { MemoryLog } from '@quorate/patterns/log';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const at = WallTime.of;
const log = new MemoryLog({
  index: { intervalBytes: 256 },
  roll: { segmentBytesMax: 2_000 },
  retention: { retentionMs: 60_000 },
  compaction: { dirtyRatioMin: 0.5, tombstoneMs: 10_000 },
});
const shown = (): string =>
  `offsets ${log.startOffset} to ${log.endOffset - 1}, ${log.read(0, 1e6).length} records, ${log.segments.length} segments, ` +
  `${log.segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)} bytes`;

// Where ten lorries are, each second; one is taken off the road.
for (let second = 0; second < 60; second++) {
  for (let lorry = 0; lorry < 10; lorry++) {
    const key = `lorry-${lorry}`;
    const value = lorry === 3 && second > 20 ? undefined : new TextEncoder().encode(`${second} km`);
    if (value === undefined && second > 21) continue;
    log.append({ key, value, timestamp: at(second * 1_000 + lorry) }, at(second * 1_000 + lorry));
  }
}
log.advance(log.endOffset);
say(`written:   ${shown()}`);

const from = log.offsetAt(at(30_000)) ?? 0;
say(`at 30 s:   offset ${from}, ${new TextDecoder().decode(log.read(from, 1)[0]?.value)}`);

const first = log.compact(at(61_000));
say(`compacted: ${shown()}; ${Math.round(first.dirtyRatio * 100)} % was dirty, up to offset ${first.to}`);
const deleted = (): string => (log.read(0, 1e6).some(({ value }) => value === undefined) ? 'still there' : 'gone');
say(`the tombstone of lorry 3 is ${deleted()}`);
say(`eleven seconds later, because of its ${log.compact(at(72_000)).why}, it is ${deleted()}`);

// A reader that is slow holds what it needs.
log.hold(300);
say(`retention takes ${log.retain(at(200_000)).length} segments while somebody needs offset 300,`);
log.hold(Number.POSITIVE_INFINITY);
say(`and ${log.retain(at(200_000)).length} when nobody does: ${shown()}`);
