import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import { World } from '../detection/world.fixture.ts';
import {
  Bully,
  type BullyEffect,
  type BullyMessage,
  FencedResource,
  FencingToken,
  RingElection,
  type RingElectionEffect,
  type RingElectionInput,
  type RingMessage,
} from './index.ts';

const at = Instant.of;
const names = ['a', 'b', 'c', 'd', 'e'];

describe('Garcia-Molina 1982, the bully', () => {
  function bullies() {
    const world = new World<BullyMessage>({ random: seeded(1) });
    const nodes = new Map<string, Bully>();
    const sends = (out: readonly BullyEffect[]) => out.filter((effect) => effect.kind === 'send');
    const start = (name: string): void => {
      const node = new Bully({ self: name, members: names, answerMs: 30, coordinatorMs: 60 });
      nodes.set(name, node);
      world.add(name, {
        get deadline() {
          return node.deadline;
        },
        step: (from, message, now) => {
          const out: BullyEffect[] = [];
          node.step(
            from === undefined || message === undefined ? { kind: 'tick' } : { kind: 'message', from, message },
            now,
            out,
          );
          return sends(out);
        },
      });
    };
    for (const name of names) start(name);
    const elect = (name: string): void => {
      const out: BullyEffect[] = [];
      nodes.get(name)!.step({ kind: 'elect' }, at(world.now), out);
      world.deliver(name, sends(out));
    };
    const leaders = (): (string | undefined)[] => [...nodes.values()].map((node) => node.known?.leader);
    return { world, nodes, start, elect, leaders };
  }

  test('the highest living name leads, whoever asks; when it dies the next does; when it is back it takes over', () => {
    const { world, nodes, start, elect, leaders } = bullies();
    elect('a');
    world.run(1000);
    expect(leaders()).toEqual(['e', 'e', 'e', 'e', 'e']);
    expect([nodes.get('e')!.held(at(0))?.leader, nodes.get('a')!.held(at(0))]).toEqual(['e', undefined]);
    world.crash('e');
    for (const name of ['a', 'b', 'c', 'd']) elect(name);
    world.run(2000);
    expect(leaders().slice(0, 4)).toEqual(['d', 'd', 'd', 'd']);
    world.crash('d');
    start('e');
    world.revive('e');
    elect('e');
    world.run(3000);
    expect(leaders().slice(0, 3)).toEqual(['e', 'e', 'e']);
  });
  test('at worst N² messages: the lowest begins', () => {
    const { world, elect } = bullies();
    elect('a');
    world.run(1000);
    // N(N-1)/2 elections, at most as many answers, N-1 coordinators and as many repeated to those who still asked.
    expect(world.sent).toBeGreaterThanOrEqual(10 + 6 + 4);
    expect(world.sent).toBeLessThanOrEqual(25);
  });
  test('an answer without a coordinator starts the election again', () => {
    const node = new Bully({ self: 'a', members: names, answerMs: 30, coordinatorMs: 60 });
    const step = (ms: number, input: Parameters<Bully['step']>[0]) => {
      const out: BullyEffect[] = [];
      node.step(input, at(ms), out);
      return out.length;
    };
    expect(step(0, { kind: 'elect' })).toBe(4);
    step(10, { kind: 'message', from: 'b', message: { kind: 'answer' } });
    expect([step(69, { kind: 'tick' }), step(70, { kind: 'tick' }), node.deadline]).toEqual([0, 4, 100]);
    expect(() => new Bully({ self: 'a', members: [], answerMs: 0, coordinatorMs: 1 })).toThrow(/answerMs/);
    expect(() => new Bully({ self: 'a', members: [], answerMs: 1, coordinatorMs: 1 })).toThrow(/coordinatorMs/);
  });
});

describe('Chang and Roberts 1979, the ring', () => {
  /** Synchronous: each message arrives before the next is sent on. Unreachable members hand messages back. */
  function rings(ring: readonly string[], down: readonly string[] = []) {
    const nodes = new Map(ring.map((self) => [self, new RingElection({ self, ring, electionMs: 1000 })]));
    const counts = { election: 0, elected: 0 };
    const queue: { from: string; to: string; message: RingMessage }[] = [];
    const step = (name: string, input: RingElectionInput): void => {
      const out: RingElectionEffect[] = [];
      nodes.get(name)!.step(input, at(0), out);
      for (const effect of out) if (effect.kind === 'send') queue.push({ from: name, ...effect });
    };
    const run = (): void => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { from, to, message } = next;
        counts[message.kind] += 1;
        if (down.includes(to)) step(from, { kind: 'unreachable', member: to, message });
        else step(to, { kind: 'message', from, message });
      }
    };
    const leaders = () => ring.filter((name) => !down.includes(name)).map((name) => nodes.get(name)!.known?.leader);
    return { nodes, counts, step, run, leaders };
  }

  test('at worst N(N + 1)/2 election messages, at best 2N - 1, then N to announce', () => {
    for (const [ring, expected] of [
      [[...names].reverse(), 15],
      [names, 9],
    ] as const) {
      const { counts, step, run, leaders } = rings(ring);
      for (const name of ring) step(name, { kind: 'elect' });
      run();
      expect(leaders()).toEqual(['e', 'e', 'e', 'e', 'e']);
      expect(counts).toEqual({ election: expected, elected: 5 });
    }
  });
  test('one that stands alone is enough, and who cannot be reached is stepped over', () => {
    const { step, run, leaders, nodes } = rings(names, ['b', 'e']);
    step('a', { kind: 'elect' });
    run();
    expect(leaders()).toEqual(['d', 'd', 'd']);
    expect([nodes.get('d')!.held(at(0))?.leader, nodes.get('a')!.held(at(0))]).toEqual(['d', undefined]);
  });
  test('the last one left leads; an election that does not end starts again', () => {
    const alone = rings(names, ['a', 'b', 'd', 'e']);
    alone.step('c', { kind: 'elect' });
    alone.run();
    expect(alone.leaders()).toEqual(['c']);
    const node = new RingElection({ self: 'a', ring: names, electionMs: 1000 });
    const out: RingElectionEffect[] = [];
    for (const [ms, kind] of [
      [0, 'elect'],
      [0, 'elect'],
      [999, 'tick'],
      [1000, 'tick'],
    ] as const)
      node.step({ kind }, at(ms), out);
    expect([out.length, node.deadline]).toEqual([2, 2000]);
    expect(() => new RingElection({ self: 'x', ring: names, electionMs: 1 })).toThrow(/contain/);
    expect(() => new RingElection({ self: 'a', ring: names, electionMs: 0 })).toThrow(/electionMs/);
  });
});

describe('safety in types', () => {
  test('a fenced resource takes tokens, never an advisory leadership, and refuses those of the past', () => {
    const resource = new FencedResource();
    expect([3, 3, 5, 4].map((token) => resource.admit(FencingToken.of(token)))).toEqual([true, true, true, false]);
    expect(resource.highest).toBe(5);
    const bully = new Bully({ self: 'a', members: ['a'], answerMs: 1, coordinatorMs: 2 });
    bully.step({ kind: 'elect' }, at(0), []);
    const held = bully.held(at(0))!;
    expect(held.safety).toBe('advisory');
    // @ts-expect-error An advisory leadership has no token.
    expect(held.token).toBeUndefined();
    // @ts-expect-error A number is not a token.
    expect(resource.admit(6)).toBe(true);
  });
});
