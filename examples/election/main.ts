/** Two ways to lead: by being there, which is advice, and by a lease with a token, which a resource can check. */
import { Instant } from '@quorate/patterns/base';
import { Bully, FencedResource, LeaseElection, type LeaseElectionEffect } from '@quorate/patterns/election';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const at = Instant.of;

// Advice: good enough to save work, not to guard data.
const bully = new Bully({ self: 'cat', members: ['ann', 'ben', 'cat'], answerMs: 100, coordinatorMs: 200 });
bully.step({ kind: 'elect' }, at(0), []);
say(`the bully: ${bully.held(at(0))?.leader}, ${bully.held(at(0))?.safety}`);

// A store that gives one lease at a time, each with a higher token.
const lease = { token: 0, until: 0 };
const resource = new FencedResource();
const options = { ttlMs: 10_000, marginMs: 1_000, renewMs: 3_000, retryMs: 2_000 };
const ann = new LeaseElection({ ...options, self: 'ann' });
const ben = new LeaseElection({ ...options, self: 'ben' });
const ask = (who: LeaseElection, input: 'stand' | 'tick', now: number): void => {
  const out: LeaseElectionEffect[] = [];
  who.step({ kind: input }, at(now), out);
  for (const effect of out) {
    if (effect.kind !== 'acquire') continue;
    const free = now >= lease.until;
    if (free) Object.assign(lease, { token: lease.token + 1, until: now + effect.ttlMs });
    const { id } = effect;
    who.step(free ? { kind: 'granted', id, token: lease.token } : { kind: 'refused', id }, at(now), []);
  }
};
ask(ann, 'stand', 0);
ask(ben, 'stand', 10);
const stale = ann.held(at(20));
say(`ann holds token ${stale?.token}; ben holds ${ben.held(at(20))?.token ?? 'none'}`);

// Ann is paused for eleven seconds and renews nothing. Ben takes over.
ask(ben, 'tick', 11_000);
const fresh = ben.held(at(11_000));
say(`ben holds token ${fresh?.token}; ann, asked again, holds ${ann.held(at(11_000))?.token ?? 'none'}`);
if (fresh !== undefined && stale !== undefined)
  say(
    `the resource lets ben in: ${resource.admit(fresh.token)}; what ann still had under way: ${resource.admit(stale.token)}`,
  );
