import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant, randomBelow } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import {
  EmergentLeader,
  type EmergentLeaderEffect,
  type EmergentLeaderInput,
  type EmergentMessage,
  ExternalLeader,
  type ExternalLeaderEffect,
  type ExternalLeaderInput,
  FencedResource,
  FencingToken,
  LeaseElection,
  type LeaseElectionEffect,
  type LeaseElectionInput,
} from './index.ts';

const at = Instant.of;

describe('election by lease', () => {
  const options = { self: 'a', ttlMs: 1000, marginMs: 100, renewMs: 300, retryMs: 200 };
  const stepOf = (node: LeaseElection) => (ms: number, input: LeaseElectionInput) => {
    const out: LeaseElectionEffect[] = [];
    node.step(input, at(ms), out);
    return out;
  };
  test('a grant counts from before it was asked for, and ends early', () => {
    const node = new LeaseElection(options);
    const step = stepOf(node);
    expect(step(0, { kind: 'stand' })).toEqual([{ kind: 'acquire', id: 1, ttlMs: 1000 }]);
    expect(step(150, { kind: 'granted', id: 1, token: 7 })).toMatchObject([
      { kind: 'leader', leadership: { safety: 'safe', token: 7 } },
    ]);
    expect([node.held(at(899))?.token, node.held(at(900)), node.deadline]).toEqual([7, undefined, 300]);
    expect(step(300, { kind: 'tick' })).toEqual([{ kind: 'renew', id: 2, ttlMs: 1000, token: 7 }]);
    expect(step(310, { kind: 'granted', id: 2, token: 7 })).toEqual([]);
    expect(node.held(at(1199))?.token).toBe(7);
  });
  test('unanswered renewals end it, and it asks anew', () => {
    const node = new LeaseElection(options);
    const step = stepOf(node);
    step(0, { kind: 'stand' });
    step(1, { kind: 'granted', id: 1, token: 7 });
    expect([300, 600].map((ms) => step(ms, { kind: 'tick' })[0]?.kind)).toEqual(['renew', 'renew']);
    expect(step(900, { kind: 'tick' }).map(({ kind }) => kind)).toEqual(['lost', 'acquire']);
    expect(step(901, { kind: 'granted', id: 3, token: 7 })).toEqual([]);
  });
  test('a grant that comes too late, or after resigning, is not acted on', () => {
    const late = new LeaseElection(options);
    stepOf(late)(0, { kind: 'stand' });
    expect([stepOf(late)(900, { kind: 'granted', id: 1, token: 7 }), late.held(at(900))]).toEqual([[], undefined]);
    const gone = new LeaseElection(options);
    stepOf(gone)(0, { kind: 'stand' });
    stepOf(gone)(1, { kind: 'resign' });
    expect(stepOf(gone)(2, { kind: 'granted', id: 1, token: 8 })).toEqual([{ kind: 'release', token: 8 }]);
    expect(gone.deadline).toBeUndefined();
  });
  test('a refusal says who leads, and is followed by another try; resigning gives the lease back', () => {
    const node = new LeaseElection(options);
    const step = stepOf(node);
    step(0, { kind: 'stand' });
    expect(step(1, { kind: 'refused', id: 1, holder: { leader: 'b', token: 5 } })).toMatchObject([
      { leadership: { leader: 'b', token: 5 } },
    ]);
    expect([node.known?.leader, node.held(at(1)), node.deadline]).toEqual(['b', undefined, 201]);
    step(201, { kind: 'tick' });
    step(202, { kind: 'granted', id: 2, token: 6 });
    expect(step(203, { kind: 'resign' }).map(({ kind }) => kind)).toEqual(['lost', 'release']);
    for (const [wrong, message] of [
      [{ marginMs: 0 }, /marginMs/],
      [{ renewMs: 400 }, /renewMs/],
      [{ retryMs: 0 }, /retryMs/],
    ] as const)
      expect(() => new LeaseElection({ ...options, ...wrong })).toThrow(message);
  });
  test('three candidates, a store that loses and delays: never two that may act at one time, and tokens grow', () => {
    let changes = 0;
    for (let seed = 1; seed <= 25; seed++) changes += contest(seed);
    expect(changes).toBeGreaterThan(60);
  });

  /** Runs candidates for a minute; how often the leadership changed hands. */
  function contest(seed: number): number {
    const random = seeded(seed);
    const lease = { holder: '', token: 0, until: 0 };
    const nodes = ['a', 'b', 'c'].map((self) => ({
      self,
      node: new LeaseElection({ ...options, self }),
      stalledUntil: 0,
    }));
    const mail: { at: number; run: (now: number) => void }[] = [];
    const resource = new FencedResource();
    const delay = () => (randomBelow(random, 10) === 0 ? 5000 : randomBelow(random, 250));
    const store = (self: string, effect: LeaseElectionEffect, now: number): LeaseElectionInput | undefined => {
      if (effect.kind === 'leader' || effect.kind === 'lost') return undefined;
      if (effect.kind === 'release') {
        if (lease.token === effect.token) lease.until = now;
        return undefined;
      }
      const renewal = effect.kind === 'renew' && lease.token === effect.token && now < lease.until;
      if (!renewal && (effect.kind === 'renew' || now < lease.until))
        return { kind: 'refused', id: effect.id, holder: { leader: lease.holder, token: lease.token } };
      if (!renewal) lease.token += 1;
      lease.holder = self;
      lease.until = now + effect.ttlMs;
      return { kind: 'granted', id: effect.id, token: lease.token };
    };
    const feed = (one: (typeof nodes)[number], input: LeaseElectionInput, now: number): void => {
      const out: LeaseElectionEffect[] = [];
      one.node.step(input, at(now), out);
      for (const effect of out)
        mail.push({
          at: now + delay(),
          run: (then) => {
            const answer = store(one.self, effect, then);
            if (answer !== undefined && random() > 0.2)
              mail.push({ at: then + delay(), run: (last) => feed(one, answer, last) });
          },
        });
    };
    for (const one of nodes) feed(one, { kind: 'stand' }, 0);
    for (let now = 0; now < 60_000; now += 5) {
      for (const letter of mail.filter((one) => one.at <= now)) {
        mail.splice(mail.indexOf(letter), 1);
        letter.run(now);
      }
      for (const one of nodes) {
        if (random() < 0.001) one.stalledUntil = now + 2500;
        if (now >= one.stalledUntil && (one.node.deadline ?? Number.POSITIVE_INFINITY) <= now)
          feed(one, { kind: 'tick' }, now);
      }
      const acting = nodes.filter(({ node }) => node.held(at(now)) !== undefined);
      expect(acting.length).toBeLessThanOrEqual(1);
      for (const { node } of acting) expect(resource.admit(node.held(at(now))!.token)).toBe(true);
    }
    return lease.token;
  }
});

describe('a leader held in an external service', () => {
  const make = () => {
    const node = new ExternalLeader({ self: 'a', sessionMs: 1000, marginMs: 100 });
    const step = (ms: number, input: ExternalLeaderInput) => {
      const out: ExternalLeaderEffect[] = [];
      node.step(input, at(ms), out);
      return out.map((effect) => effect.kind);
    };
    return { node, step };
  };
  const mine = { kind: 'observed', leader: { member: 'a', token: 12 } } as const;

  test('leads while the service says so and the session is certain, no longer', () => {
    const { node, step } = make();
    expect([step(0, { kind: 'stand' }), step(0, { kind: 'stand' }), step(1, mine)]).toEqual([['campaign'], [], []]);
    expect(step(2, { kind: 'kept-alive', sentAt: at(0) })).toEqual(['leader']);
    expect([node.held(at(899))?.token, node.held(at(900)), node.deadline]).toEqual([12, undefined, 900]);
    expect(step(900, { kind: 'tick' })).toEqual(['lost']);
    expect(step(950, { kind: 'kept-alive', sentAt: at(920) })).toEqual(['leader']);
  });
  test('an expired session loses it for good, and it campaigns anew', () => {
    const { node, step } = make();
    step(0, { kind: 'stand' });
    step(1, { kind: 'kept-alive', sentAt: at(0) });
    expect(step(2, mine)).toEqual(['leader']);
    expect(step(3, { kind: 'session-expired' })).toEqual(['campaign', 'lost']);
    expect([step(4, { kind: 'kept-alive', sentAt: at(3) }), node.known]).toEqual([[], undefined]);
  });
  test('others are known, older news is not, nobody is possible, and resigning withdraws', () => {
    const { node, step } = make();
    step(0, { kind: 'stand' });
    step(0, { kind: 'kept-alive', sentAt: at(0) });
    step(1, { kind: 'observed', leader: { member: 'b', token: 13 } });
    expect([step(2, mine), node.known?.leader, node.held(at(2))]).toEqual([[], 'b', undefined]);
    expect(step(3, { kind: 'observed', leader: { member: 'a', token: 14 } })).toEqual(['leader']);
    expect([step(4, { kind: 'resign' }), step(5, { kind: 'observed', leader: undefined }), node.known]).toEqual([
      ['withdraw', 'lost'],
      [],
      undefined,
    ]);
    expect(() => new ExternalLeader({ self: 'a', sessionMs: 1, marginMs: 1 })).toThrow(/marginMs/);
  });
});

describe('emergent leader', () => {
  class Group {
    readonly nodes = new Map<string, EmergentLeader>();
    readonly mail: { from: string; to: string; message: EmergentMessage }[] = [];
    readonly byToken = new Map<number, string>();
    /** What each has said that it holds. */
    readonly said = new Map<string, number>();
    now = 0;

    constructor(founders: readonly string[]) {
      for (const self of founders) this.nodes.set(self, new EmergentLeader({ self, founders, retryMs: 100 }));
    }

    feed(name: string, input: EmergentLeaderInput): void {
      const out: EmergentLeaderEffect[] = [];
      const node = this.nodes.get(name);
      if (node === undefined) return;
      node.step(input, at(this.now), out);
      for (const effect of out) {
        if (effect.kind === 'send') {
          expect(effect.to).not.toBe(name);
          this.mail.push({ from: name, ...effect });
        } else this.hear(name, effect);
      }
      const held = node.held(at(this.now));
      expect(this.said.get(name)).toBe(held?.token);
      if (held === undefined) return;
      expect(held).toEqual(node.known);
      expect(held.leader).toBe(name);
      // The promise: one leader per token.
      expect(this.byToken.get(held.token) ?? name).toBe(name);
      this.byToken.set(held.token, name);
    }

    /** A leadership is announced once, and taken back before another one is: whoever acts by the effects acts as `held` says. */
    hear(name: string, effect: Exclude<EmergentLeaderEffect, { kind: 'send' }>): void {
      const { leader, token } = effect.leadership;
      const said = this.said.get(name);
      if (effect.kind === 'lost') {
        expect([leader, token]).toEqual([name, said]);
        this.said.delete(name);
      } else if (leader === name) {
        expect(said).toBeUndefined();
        this.said.set(name, token);
      }
    }

    deliver(index = 0): void {
      const [letter] = this.mail.splice(index, 1);
      if (letter !== undefined) this.feed(letter.to, { kind: 'message', from: letter.from, message: letter.message });
    }

    settle(): void {
      for (let turn = 0; turn < 20; turn++) {
        this.now += 100;
        for (const name of this.nodes.keys()) this.feed(name, { kind: 'tick' });
        while (this.mail.length > 0) this.deliver();
      }
    }

    crash(name: string): void {
      this.nodes.delete(name);
      for (const other of this.nodes.keys()) this.feed(other, { kind: 'suspect', member: name });
    }

    get leaders(): string[] {
      return [...this.nodes].filter(([, node]) => node.held(at(this.now))).map(([name]) => name);
    }
  }

  test('the oldest leads; when it falls silent the next oldest does, with a higher token and without it', () => {
    const group = new Group(['a', 'b', 'c', 'd', 'e']);
    group.settle();
    expect(group.leaders).toEqual(['a']);
    const first = group.nodes.get('a')!.held(at(0))!.token;
    group.crash('a');
    group.settle();
    expect(group.leaders).toEqual(['b']);
    const node = group.nodes.get('b')!;
    expect(node.held(at(0))!.token).toBeGreaterThan(first);
    expect(node.view.members).toEqual(['b', 'c', 'd', 'e']);
    for (const other of group.nodes.values()) expect(other.known?.leader).toBe('b');
  });
  test('a member lets in one claimant per generation, again when asked again, and none after a higher one', () => {
    const node = new EmergentLeader({ self: 'c', founders: ['a', 'b', 'c'], retryMs: 100 });
    const claim = (from: string, generation: number): string[] => {
      const out: EmergentLeaderEffect[] = [];
      const message = { kind: 'claim', generation, viewGeneration: 0, viewVersion: 0 } as const;
      node.step({ kind: 'message', from, message }, at(0), out);
      return out.map((effect) => (effect.kind === 'send' ? effect.message.kind : effect.kind));
    };
    const answers = [claim('a', 5), claim('b', 5), claim('a', 5), claim('b', 6), claim('a', 5)];
    expect(answers).toEqual([['grant'], ['refused'], ['grant'], ['grant'], ['refused']]);
  });
  test('who joins is the youngest', () => {
    const group = new Group(['a', 'b', 'c']);
    group.settle();
    group.nodes.set('a2', new EmergentLeader({ self: 'a2', retryMs: 100 }));
    group.feed('a', { kind: 'join', member: 'a2' });
    group.settle();
    expect(group.nodes.get('a2')!.view.members).toEqual(['a', 'b', 'c', 'a2']);
    expect(group.nodes.get('a2')!.known?.leader).toBe('a');
  });
  test('without a majority of the last known membership nobody leads, and the old leader stops', () => {
    const group = new Group(['a', 'b', 'c', 'd', 'e']);
    group.settle();
    for (const one of ['a', 'b'])
      for (const other of ['c', 'd', 'e']) {
        group.feed(one, { kind: 'suspect', member: other });
      }
    expect(group.leaders).toEqual([]);
    group.settle();
    expect(group.leaders).toEqual([]);
  });
  test('a majority that still hears its leader lets nobody else in', () => {
    const group = new Group(['a', 'b', 'c']);
    group.settle();
    group.feed('b', { kind: 'suspect', member: 'a' });
    group.mail.length = 0;
    group.feed('b', { kind: 'tick' });
    group.settle();
    expect(group.byToken.size).toBeGreaterThan(0);
    expect(group.leaders.length).toBeLessThanOrEqual(1);
    expect(() => new EmergentLeader({ self: 'a', retryMs: 0 })).toThrow(/retryMs/);
  });
  test('whatever is suspected, lost, delayed, joined or crashed: a token has one leader; and when all is well again one leads', () => {
    let tokens = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), (seed) => {
        const random = seeded(seed);
        const group = new Group(['a', 'b', 'c', 'd', 'e'].slice(0, 3 + randomBelow(random, 3)));
        let crashed = 0;
        for (let turn = 0; turn < 250; turn++) {
          const names = [...group.nodes.keys()];
          const one = names[randomBelow(random, names.length)]!;
          const other = names[randomBelow(random, names.length)]!;
          const fate = randomBelow(random, 100);
          group.now += randomBelow(random, 60);
          if (fate < 55) group.deliver(randomBelow(random, Math.max(1, group.mail.length)));
          else if (fate < 62) group.mail.splice(randomBelow(random, Math.max(1, group.mail.length)), 1);
          else if (fate < 78) group.feed(one, { kind: 'tick' });
          else if (fate < 87 && one !== other) group.feed(one, { kind: 'suspect', member: other });
          else if (fate < 96) group.feed(one, { kind: 'trust', member: other });
          else if (fate < 99 && names.length < 7) {
            const newcomer = `n${turn}`;
            group.nodes.set(newcomer, new EmergentLeader({ self: newcomer, retryMs: 100 }));
            group.feed(one, { kind: 'join', member: newcomer });
          } else if (fate === 99 && crashed === 0) {
            crashed += 1;
            group.crash(one);
          }
        }
        tokens += group.byToken.size;
        if (crashed > 0) return;
        for (const one of group.nodes.keys())
          for (const other of group.nodes.keys()) group.feed(one, { kind: 'trust', member: other });
        group.settle();
        expect(group.leaders).toHaveLength(1);
      }),
      { numRuns: 400, seed: 12 },
    );
    expect(tokens).toBeGreaterThan(400);
  });
});

test('a token that is no whole number is none, and a resource admits only numbers', () => {
  for (const token of [Number.NaN, Number.POSITIVE_INFINITY, 1.5, 2 ** 53])
    expect(() => FencingToken.of(token)).toThrow(/a fencing token must be a safe integer/);
  const resource = new FencedResource();
  expect(resource.admit(FencingToken.of(5))).toBe(true);
  expect(resource.admit(Number.NaN as FencingToken)).toBe(false);
  expect([resource.admit(FencingToken.of(4)), resource.highest]).toEqual([false, 5]);
});

test('a founder who is named twice would be two of a majority, and is refused', () => {
  expect(() => new EmergentLeader({ self: 'a', founders: ['a', 'a', 'b'], retryMs: 10 })).toThrow(
    /founders must be distinct, not a, a, b/,
  );
});
