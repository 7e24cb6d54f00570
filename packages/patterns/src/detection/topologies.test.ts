import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import {
  AllToAllHeartbeat,
  CentralHeartbeat,
  GossipHeartbeat,
  type GossipHeartbeatEffect,
  type HeartbeatEffect,
  type HeartbeatInput,
  type HeartbeatOptions,
  RingHeartbeat,
  TimeoutDetector,
} from './index.ts';
import { seeded } from './random.fixture.ts';
import { World } from './world.fixture.ts';

const at = Instant.of;
const intervalMs = 1000;
const timeoutMs = 3000;

interface Measured {
  /** Messages per interval, counted over 20 intervals. */
  readonly messages: number;
  /** From a crash to the first and the last verdict of a survivor that gives one. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly judges: number;
  readonly wrong: number;
}

type Verdicts = { at: number; by: string; member: string; alive: boolean }[];

/** Runs `size` members, counts, crashes one in the middle and waits for the verdicts. */
function measure(
  size: number,
  build: (name: string, names: readonly string[], world: World<unknown>, verdicts: Verdicts) => void,
): Measured {
  const world = new World<unknown>({ random: seeded(size) });
  const names = Array.from({ length: size }, (_, index) => `n${String(index).padStart(3, '0')}`);
  const verdicts: Verdicts = [];
  for (const name of names) build(name, names, world, verdicts);
  world.run(20_000);
  const before = world.sent;
  world.run(40_000);
  const messages = (world.sent - before) / 20;
  const victim = names[Math.floor(size / 2)]!;
  verdicts.length = 0;
  world.crash(victim);
  const crashed = world.now;
  world.run(crashed + 60_000);
  const deaths = verdicts.filter(({ member, alive, by }) => member === victim && !alive && by !== victim);
  const times = deaths.map((death) => death.at - crashed);
  const wrong = verdicts.filter(({ member }) => member !== victim).length;
  return { messages, firstMs: Math.min(...times), lastMs: Math.max(...times), judges: deaths.length, wrong };
}

function exchange(
  make: (
    options: HeartbeatOptions,
    now: Instant,
  ) => { deadline: Instant | undefined; step(input: HeartbeatInput, now: Instant, out: HeartbeatEffect[]): void },
) {
  return (name: string, names: readonly string[], world: World<unknown>, verdicts: Verdicts): void => {
    const node = make(
      { self: name, members: names, intervalMs, detector: () => new TimeoutDetector(timeoutMs) },
      at(0),
    );
    world.add(name, {
      get deadline() {
        return node.deadline;
      },
      step: (from, _message, now) => {
        const out: HeartbeatEffect[] = [];
        node.step(from === undefined ? { kind: 'tick' } : { kind: 'heartbeat', from }, now, out);
        for (const effect of out) if (effect.kind === 'verdict') verdicts.push({ at: now, by: name, ...effect });
        return out.flatMap((effect) => (effect.kind === 'heartbeat' ? [{ to: effect.to, message: 'beat' }] : []));
      },
    });
  };
}

function gossip(failMs: number) {
  const random = seeded(5);
  return (name: string, names: readonly string[], world: World<unknown>, verdicts: Verdicts): void => {
    const node = new GossipHeartbeat({ self: name, epoch: 1, random, intervalMs, failMs }, at(0));
    node.step({ kind: 'join', seeds: names.slice(0, 2) }, at(0), []);
    world.add(name, {
      get deadline() {
        return node.deadline;
      },
      step: (_from, message, now) => {
        const out: GossipHeartbeatEffect[] = [];
        const counts = message as never;
        node.step(message === undefined ? { kind: 'tick' } : { kind: 'gossip', counts }, now, out);
        for (const effect of out) if (effect.kind === 'verdict') verdicts.push({ at: now, by: name, ...effect });
        return out.flatMap((effect) => (effect.kind === 'gossip' ? [{ to: effect.to, message: effect.counts }] : []));
      },
    });
  };
}

const central = exchange((options, now) => new CentralHeartbeat({ ...options, monitor: 'n000' }, now));
const ring = exchange((options, now) => new RingHeartbeat({ ...options, successors: 2 }, now));
const allToAll = exchange((options, now) => new AllToAllHeartbeat(options, now));

describe('measured: messages per interval, judges, and time from a crash to the verdicts', () => {
  test.each([10, 50])('%d members', (size) => {
    const rows = { central: measure(size, central), ring: measure(size, ring), allToAll: measure(size, allToAll) };
    expect(rows.central.messages).toBe(size - 1);
    expect(rows.ring.messages).toBe(2 * size);
    expect(rows.allToAll.messages).toBe(size * (size - 1));
    expect([rows.central.judges, rows.ring.judges, rows.allToAll.judges]).toEqual([1, 2, size - 1]);
    for (const { firstMs, lastMs, wrong } of Object.values(rows)) {
      expect(firstMs).toBeGreaterThan(timeoutMs - intervalMs);
      expect(lastMs).toBeLessThanOrEqual(timeoutMs + 10);
      expect(wrong).toBe(0);
    }
    const failMs = 1000 * (4 + 2 * Math.ceil(Math.log2(size)));
    const table = measure(size, gossip(failMs));
    expect(table.messages).toBe(size);
    expect([table.judges, table.wrong]).toEqual([size - 1, 0]);
    expect(table.firstMs).toBeGreaterThan(failMs - intervalMs);
    // The last counter reached everybody within some log2 N rounds.
    expect(table.lastMs).toBeLessThan(failMs + 1000 * (2 + 2 * Math.log2(size)));
  });
});

describe('single steps', () => {
  const stepOf =
    (node: { step(input: HeartbeatInput, now: Instant, out: HeartbeatEffect[]): void }) =>
    (ms: number, input: HeartbeatInput) => {
      const out: HeartbeatEffect[] = [];
      node.step(input, at(ms), out);
      return out;
    };
  const options = {
    self: 'c',
    members: ['a', 'b', 'c', 'd', 'e'],
    intervalMs,
    detector: () => new TimeoutDetector(timeoutMs),
  };

  test('a ring watches the two before and sends to the two after, around the end', () => {
    const node = new RingHeartbeat({ ...options, self: 'e' }, at(0));
    expect([...node.watching].sort()).toEqual(['c', 'd']);
    expect(stepOf(node)(0, { kind: 'tick' })).toEqual([
      { kind: 'heartbeat', to: 'a' },
      { kind: 'heartbeat', to: 'b' },
    ]);
    stepOf(node)(1, { kind: 'members', members: ['e', 'a'] });
    expect(node.watching).toEqual(['a']);
    stepOf(node)(2, { kind: 'members', members: ['e'] });
    expect([node.watching, node.deadline]).toEqual([[], undefined]);
  });
  test('who never sends is found out, and is alive again with its first heartbeat', () => {
    const node = new CentralHeartbeat({ ...options, monitor: 'c', members: ['c', 'a'] }, at(0));
    const step = stepOf(node);
    expect(step(timeoutMs, { kind: 'tick' })).toEqual([{ kind: 'verdict', member: 'a', alive: false }]);
    expect([step(9000, { kind: 'tick' }), node.deadline]).toEqual([[], undefined]);
    expect(step(9001, { kind: 'heartbeat', from: 'a' })).toEqual([{ kind: 'verdict', member: 'a', alive: true }]);
    expect(step(9002, { kind: 'heartbeat', from: 'a' })).toEqual([]);
    expect(step(9003, { kind: 'heartbeat', from: 'stranger' })).toEqual([]);
  });
  test('a change of members keeps what is known of those who stay', () => {
    const node = new AllToAllHeartbeat({ ...options, members: ['c', 'a'] }, at(0));
    const step = stepOf(node);
    step(2000, { kind: 'members', members: ['c', 'a', 'b'] });
    const verdicts = (ms: number) => step(ms, { kind: 'tick' }).filter(({ kind }) => kind === 'verdict');
    expect(verdicts(3000)).toEqual([{ kind: 'verdict', member: 'a', alive: false }]);
    expect(verdicts(5000)).toEqual([{ kind: 'verdict', member: 'b', alive: false }]);
  });
  test('a stall is excused; after it there is one heartbeat, not a burst', () => {
    const node = new AllToAllHeartbeat({ ...options, members: ['c', 'a'] }, at(0));
    const step = stepOf(node);
    step(0, { kind: 'tick' });
    step(8000, { kind: 'stalled', delayMs: 7000 });
    expect(step(8000, { kind: 'tick' })).toEqual([{ kind: 'heartbeat', to: 'a' }]);
    expect(step(8001, { kind: 'tick' })).toEqual([]);
    expect(() => new AllToAllHeartbeat({ ...options, intervalMs: 0 }, at(0))).toThrow(/intervalMs/);
    expect(() => new RingHeartbeat({ ...options, successors: 0 }, at(0))).toThrow(/successors/);
  });
  test('gossip: an old counter does not bring the dead back before the entry is gone; a restart does', () => {
    const node = new GossipHeartbeat(
      { self: 'a', epoch: 1, random: seeded(1), intervalMs: 1000, failMs: 4000, maxMembers: 1 },
      at(0),
    );
    const step = (ms: number, counts?: { member: string; epoch: number; beat: number }[]) => {
      const out: GossipHeartbeatEffect[] = [];
      node.step(counts ? { kind: 'gossip', counts } : { kind: 'tick' }, at(ms), out);
      return out.filter(({ kind }) => kind === 'verdict');
    };
    const b = { member: 'b', epoch: 1, beat: 5 };
    expect(step(0, [b, { member: 'x', epoch: 1, beat: 1 }])).toEqual([{ kind: 'verdict', member: 'b', alive: true }]);
    expect(step(4100)).toEqual([{ kind: 'verdict', member: 'b', alive: false }]);
    expect(step(5000, [b])).toEqual([]);
    expect(step(5001, [{ ...b, epoch: 2, beat: 0 }])).toEqual([{ kind: 'verdict', member: 'b', alive: true }]);
    node.step({ kind: 'stalled', delayMs: 6000 }, at(11_000), []);
    expect([step(11_001), node.alive]).toEqual([[], ['b']]);
  });
});
