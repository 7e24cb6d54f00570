import { describe, expect, test } from 'vitest';
import { Instant, type RandomNumber, randomBelow } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import { World } from '../detection/world.fixture.ts';
import { Plumtree, type PlumtreeEffect, type PlumtreeInput, type PlumtreeMessage } from './index.ts';

type Message = PlumtreeMessage<string>;

class Overlay {
  readonly world: World<Message>;
  readonly nodes = new Map<string, Plumtree<string>>();
  readonly links = new Map<string, Set<string>>();
  readonly delivered = new Map<string, Map<string, number>>();
  bodies = 0;
  control = 0;

  constructor(size: number, random: RandomNumber, lost: (from: string, to: string) => boolean = () => false) {
    this.world = new World({ random, lost });
    for (let at = 0; at < size; at++) this.#add(`n${at}`);
    // A ring, so that all are connected, and two random links each.
    for (let at = 0; at < size; at++)
      for (const other of [(at + 1) % size, randomBelow(random, size), randomBelow(random, size)])
        if (other !== at) this.link(`n${at}`, `n${other}`);
  }

  #add(name: string): void {
    const node = new Plumtree<string>({ graftAfterMs: 200, regraftAfterMs: 50 });
    this.nodes.set(name, node);
    this.links.set(name, new Set());
    this.world.add(name, {
      get deadline() {
        return node.deadline;
      },
      step: (from, message) =>
        this.step(
          name,
          from === undefined || message === undefined ? { kind: 'tick' } : { kind: 'message', from, message },
        ),
    });
  }

  step(name: string, input: PlumtreeInput<string>): { to: string; message: Message }[] {
    const out: PlumtreeEffect<string>[] = [];
    this.nodes.get(name)!.step(input, Instant.of(this.world.now), out);
    const sends: { to: string; message: Message }[] = [];
    for (const effect of out) {
      if (effect.kind === 'deliver') {
        const got = this.delivered.get(effect.id) ?? new Map<string, number>();
        this.delivered.set(effect.id, got.set(name, (got.get(name) ?? 0) + 1));
      } else {
        if (effect.message.kind === 'gossip') this.bodies += 1;
        else this.control += 1;
        sends.push(effect);
      }
    }
    return sends;
  }

  link(a: string, b: string): void {
    this.links.get(a)!.add(b);
    this.links.get(b)!.add(a);
    this.step(a, { kind: 'peer-up', peer: b });
    this.step(b, { kind: 'peer-up', peer: a });
  }

  crash(name: string, noticed: boolean): void {
    this.world.crash(name);
    this.nodes.delete(name);
    if (noticed)
      for (const peer of this.links.get(name)!)
        if (this.nodes.has(peer)) this.step(peer, { kind: 'peer-down', peer: name });
  }

  broadcast(from: string, id: string): number {
    const before = this.bodies;
    this.world.deliver(from, this.step(from, { kind: 'broadcast', id, body: id }));
    this.world.run(this.world.now + 5000);
    return this.bodies - before;
  }

  reached(id: string): number {
    return this.delivered.get(id)?.size ?? 0;
  }
}

describe('Leitão et al. 2007', () => {
  test('the first broadcast floods and prunes; the next sends one body per member, to everybody, once', () => {
    const size = 200;
    const overlay = new Overlay(size, seeded(1));
    const first = overlay.broadcast('n0', 'one');
    overlay.broadcast('n0', 'two');
    const third = overlay.broadcast('n0', 'three');
    expect(first).toBeGreaterThan(3 * size);
    // Relative message redundancy of section 4: bodies / (members - 1) - 1, here below 2 %.
    expect(third / (size - 1) - 1).toBeLessThan(0.02);
    for (const id of ['one', 'two', 'three']) {
      expect(overlay.reached(id)).toBe(size - 1);
      for (const times of overlay.delivered.get(id)!.values()) expect(times).toBe(1);
    }
  });
  test('after the tree stands, its links are symmetric and just enough to connect all', () => {
    const overlay = new Overlay(60, seeded(2));
    for (const id of ['a', 'b', 'c', 'd']) overlay.broadcast('n0', id);
    let directed = 0;
    for (const node of overlay.nodes.values()) directed += node.eagerPeers.length;
    expect(directed / 2).toBeLessThan(62);
    expect(directed / 2).toBeGreaterThanOrEqual(59);
  });
  test('a tree that broke is mended by grafts, before anybody has noticed the crash', () => {
    const overlay = new Overlay(100, seeded(3));
    for (const id of ['a', 'b']) overlay.broadcast('n0', id);
    for (let at = 10; at < 35; at++) overlay.crash(`n${at}`, false);
    overlay.broadcast('n0', 'after');
    // Whoever is still connected to n0 gets it.
    expect(overlay.reached('after')).toBeGreaterThanOrEqual(72);
    expect(overlay.broadcast('n0', 'again')).toBeLessThan(100 + 40);
  });
  test('neighbours that are known to be gone get nothing', () => {
    const overlay = new Overlay(30, seeded(4));
    overlay.broadcast('n0', 'a');
    overlay.crash('n9', true);
    const peers = [...overlay.nodes.values()].flatMap((node) => [...node.eagerPeers]);
    expect(peers).not.toContain('n9');
  });
  test('every tenth message lost: all bodies still arrive, once', () => {
    const random = seeded(5);
    const overlay = new Overlay(80, random, () => random() < 0.1);
    for (let id = 0; id < 5; id++) overlay.broadcast('n0', `m${id}`);
    let total = 0;
    for (let id = 0; id < 5; id++) total += overlay.reached(`m${id}`);
    expect(total / (5 * 79)).toBeGreaterThan(0.99);
    for (const got of overlay.delivered.values()) for (const times of got.values()) expect(times).toBe(1);
  });
});

describe('single steps', () => {
  const stepOf = (node: Plumtree<string>) => (ms: number, input: PlumtreeInput<string>) => {
    const out: PlumtreeEffect<string>[] = [];
    node.step(input, Instant.of(ms), out);
    return out;
  };
  test('an announced body is asked for in time, then from the next announcer, then given up until announced again', () => {
    const node = new Plumtree<string>({ graftAfterMs: 100, regraftAfterMs: 20 });
    const step = stepOf(node);
    for (const peer of ['b', 'c', 'd']) step(0, { kind: 'peer-up', peer });
    for (const from of ['b', 'b', 'c', 'd'])
      step(0, { kind: 'message', from, message: { kind: 'ihave', id: 'x', round: 1 } });
    step(1, { kind: 'peer-down', peer: 'c' });
    expect([node.deadline, step(99, { kind: 'tick' })]).toEqual([100, []]);
    expect(step(100, { kind: 'tick' })).toMatchObject([{ to: 'b', message: { kind: 'graft', id: 'x' } }]);
    expect(step(120, { kind: 'tick' })).toMatchObject([{ to: 'd', message: { kind: 'graft' } }]);
    expect([step(140, { kind: 'tick' }), node.deadline]).toEqual([[], undefined]);
  });
  test('no more bodies are waited for at a time than are kept', () => {
    const node = new Plumtree<string>({ graftAfterMs: 100, regraftAfterMs: 20, maxBodies: 2 });
    const step = stepOf(node);
    step(0, { kind: 'peer-up', peer: 'b' });
    for (const id of ['x', 'y', 'z']) step(0, { kind: 'message', from: 'b', message: { kind: 'ihave', id, round: 1 } });
    expect(step(100, { kind: 'tick' })).toMatchObject([{ message: { id: 'x' } }, { message: { id: 'y' } }]);
  });
  test('the store is bounded; strangers make no links; a body is broadcast once', () => {
    const node = new Plumtree<string>({ graftAfterMs: 100, regraftAfterMs: 20, maxBodies: 1 });
    const step = stepOf(node);
    step(0, { kind: 'message', from: 'x', message: { kind: 'gossip', id: 'a', body: 'a', round: 0 } });
    expect(node.eagerPeers).toEqual([]);
    step(0, { kind: 'broadcast', id: 'b', body: 'b' });
    step(0, { kind: 'peer-up', peer: 'p' });
    expect(step(0, { kind: 'broadcast', id: 'b', body: 'b' })).toEqual([]);
    expect(step(0, { kind: 'message', from: 'p', message: { kind: 'graft', id: 'a', round: 0 } })).toEqual([]);
    expect(step(0, { kind: 'message', from: 'p', message: { kind: 'graft', id: 'b', round: 0 } })).toHaveLength(1);
    expect(() => new Plumtree({ graftAfterMs: 0, regraftAfterMs: 1 })).toThrow(/graftAfterMs/);
    expect(() => new Plumtree({ graftAfterMs: 1, regraftAfterMs: 0 })).toThrow(/regraftAfterMs/);
  });
});
