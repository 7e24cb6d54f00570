/** Three questions about time, and the clock that answers each. */
import { Instant } from '@quorate/patterns/base';
import {
  ClockBoundWait,
  type ClockBoundWaitEffect,
  DottedVersionVectorSet,
  HybridClock,
  hybridToText,
  IntervalTreeClock,
  uncertaintyAt,
  VectorClock,
} from '@quorate/patterns/time';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

// Did one of these happen before the other?
const ann = VectorClock.empty.advance('ann');
const ben = VectorClock.empty.advance('ben').merge(ann).advance('ben');
const cat = VectorClock.empty.advance('cat');
say(`ann is ${ann.compare(ben)} ben, who had heard from her; ben and cat are ${ben.compare(cat)}`);

// Which values of a key has nobody overwritten?
let key = DottedVersionVectorSet.write(VectorClock.empty, 'milk').update('server');
const read = key.context;
key = DottedVersionVectorSet.write(read, 'milk, eggs').update('server', key);
key = DottedVersionVectorSet.write(read, 'milk, tea').update('server', key);
say(`two writers had read the same list, so both lists stay: ${key.values.join(' | ')}`);

// Who comes and goes without a name?
const [first, second] = IntervalTreeClock.seed.fork();
say(`two shares, one event each, rejoined: ${first.event().join(second.event()).event()}`);

// A timestamp near wall time that never goes back.
const clock = new HybridClock({ maxOffsetMs: 500 });
for (const wallMs of [1_700_000_000_000, 1_699_999_999_000]) {
  const at = clock.tick(wallMs);
  if (at.kind === 'timestamp') say(`the wall clock says ${wallMs}, the hybrid clock ${hybridToText(at)}`);
}

// Hold an answer until its timestamp is past on every clock that is within 5 ms of the truth.
const waits = new ClockBoundWait();
const out: ClockBoundWaitEffect[] = [];
const bound = { asOf: Instant.of(0), boundMs: 5, driftPpm: 50, voidAfter: Instant.of(60_000) };
let now = Instant.of(0);
waits.step({ kind: 'wait', id: 1, timestampMs: 1_005 }, uncertaintyAt(bound, 1_000, now), now, out);
while (waits.deadline !== undefined) {
  now = waits.deadline;
  waits.step({ kind: 'tick' }, uncertaintyAt(bound, 1_000 + now, now), now, out);
}
say(`the answer was ${out[0]?.kind} after ${now} ms`);
