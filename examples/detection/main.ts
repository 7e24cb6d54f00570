/** A peer falls silent: what a timeout, φ and a probe round make of it, and what a blocked event loop changes. */
import { Instant } from '@quorate/patterns/base';
import {
  MembershipTable,
  PhiAccrualDetector,
  Probe,
  type ProbeEffect,
  TimeoutDetector,
} from '@quorate/patterns/detection';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const at = Instant.of;

// Heartbeats come every second, more or less; then none.
const timeout = new TimeoutDetector(3000);
const phi = new PhiAccrualDetector({ threshold: 8 });
let now = 0;
for (const interval of [0, 980, 1040, 1010, 960, 1020, 990]) {
  now += interval;
  timeout.heartbeat(at(now));
  phi.heartbeat(at(now));
}
for (const silence of [1000, 1500, 2500, 60_000]) {
  const when = at(now + silence);
  const verdict = timeout.available(when) ? 'waits' : 'gives up';
  say(`silent for ${silence} ms: phi ${phi.suspicion(when).toFixed(1)}, the timeout ${verdict}`);
}

// It was us: the event loop was blocked for all but the last of these 60 seconds.
phi.stalled(59_000, at(now + 60_000));
say(`after a stall is taken into account: phi ${phi.suspicion(at(now + 60_000)).toFixed(1)}`);

// A probe asks others before it judges.
const probe = new Probe({ directTimeoutMs: 200, periodMs: 1000 });
const out: ProbeEffect[] = [];
probe.step({ kind: 'probe', seq: 1, target: 'ben', relays: ['cat', 'dan'] }, at(0), out);
while (probe.deadline !== undefined) probe.step({ kind: 'tick' }, probe.deadline, out);
say(`the probe: ${out.map((effect) => effect.kind).join(', ')}`);

// A restart wins over the news of a death; the dead do not rise by hearsay.
const members = new MembershipTable();
members.observe('ben', { epoch: 1, sequence: 4, rank: 'dead' });
say(`"ben lives", says an old rumour: ${members.observe('ben', { epoch: 1, sequence: 3, rank: 'alive' })}`);
say(`"I am back", says ben: ${members.observe('ben', { epoch: 2, sequence: 0, rank: 'alive' })}`);
