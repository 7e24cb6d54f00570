/** A lock under a lease, its queue, the token that guards the resource, and a watch that misses nothing though it was away. */
import { Instant } from '@quorate/patterns/base';
import { FencedResource } from '@quorate/patterns/election';
import {
  LeaseTable,
  type LeaseTableEffect,
  LockTable,
  type LockTableEffect,
  RevisionLog,
  StateWatch,
} from '@quorate/patterns/leases';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const at = Instant.of;

interface Change {
  readonly revision: number;
  readonly key: string;
  readonly holder: string;
}
/** The replicated state, here of one: locks, and the log of who got which. */
const locks = new LockTable();
const changes = { revision: 0, compactRevision: -1, log: new RevisionLog<Change>() };
const watches = new StateWatch<Change>(changes, { keyOf: ({ key }) => key });

function apply(input: Parameters<LockTable['step']>[0]): void {
  const out: LockTableEffect[] = [];
  locks.step(input, out);
  for (const effect of out) {
    if (effect.kind === 'queued') say(`${effect.owner} waits, behind ${effect.ahead} others`);
    if (effect.kind !== 'granted') continue;
    changes.revision += 1;
    changes.log.append({ revision: changes.revision, key: effect.key, holder: effect.owner });
    say(`${effect.owner} has the lock, token ${effect.token}`);
  }
}

const watcher = watches.watch({ low: 'printer', high: undefined, single: true }, 0, (notice) => {
  if (notice.kind !== 'events') return;
  say(`the watcher hears, up to revision ${notice.revision}: ${notice.events.map(({ holder }) => holder).join(', ')}`);
});
watches.flush();

// Three workers with leases of ten seconds. The timekeeper spreads nothing here: there are only three.
const workers = ['ann', 'ben', 'cat'];
const leases = new LeaseTable();
leases.step(
  { kind: 'promote', term: 1, leases: workers.map((_, id) => ({ id, ttlMs: 10_000 })), extendMs: 0 },
  at(0),
  [],
);
for (const owner of workers) apply({ kind: 'acquire', key: 'printer', owner, mode: 'exclusive', waits: true });
watches.flush();

// The watcher goes away; Ben and Cat renew; Ann is paused in the middle of a job.
watcher.pause();
const printer = new FencedResource();
const anns = locks.tokenOf('printer', 'ann');
for (const id of [1, 2]) leases.step({ kind: 'renew', id }, at(8_000), []);
const due: LeaseTableEffect[] = [];
leases.step({ kind: 'tick' }, at(10_000), due);
for (const effect of due)
  if (effect.kind === 'expire') {
    say(`at 10 s the lease of ${workers[effect.id]} ends`);
    apply({ kind: 'ended', owner: workers[effect.id]! });
  }
const bens = locks.tokenOf('printer', 'ben');
if (anns !== undefined && bens !== undefined)
  say(
    `the printer takes a page from ben: ${printer.admit(bens)}; and then one from ann, who woke up: ${printer.admit(anns)}`,
  );
apply({ kind: 'release', key: 'printer', owner: 'ben' });

watches.flush();
say('the watcher is back');
watcher.resume();
while (watches.flush()) {}
