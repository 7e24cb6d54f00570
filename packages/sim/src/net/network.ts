/**
 * The network between all nodes of a world, and the levers that disturb it. Each lever returns its own end, so that
 * disturbances may overlap and end in any order; `heal` ends them all.
 */
import type { Address, Connection, ConnectionHandler } from '@quorate/env';
import type { Engine } from '../engine/engine.ts';
import { EventCode } from '../engine/sim-event.ts';
import { Link } from './link.ts';
import { betweenGroups, type Cut } from './partitions.ts';
import { DEFAULT_NET_LIMITS, type NetLimits, type NetProcess } from './process.ts';
import { DEFAULT_QUALITY, type LinkQuality, LOOPBACK_QUALITY } from './quality.ts';
import { Slab } from './slab.ts';
import { NetStack } from './stack.ts';
import { TcpEndpoint } from './tcp-endpoint.ts';

export interface NetworkOptions {
  readonly quality?: Partial<LinkQuality>;
  readonly limits?: Partial<NetLimits>;
}

/** Which directions a lever moves: all of them unless restricted. */
export interface Directions {
  readonly from?: string;
  readonly to?: string;
}

interface Degradation {
  readonly quality: Partial<LinkQuality>;
  readonly directions: Directions;
}

export class SimNetwork {
  readonly engine: Engine;
  readonly limits: NetLimits;
  readonly slab: Slab = new Slab();
  readonly #quality: LinkQuality;
  readonly #stacks: NetStack[] = [];
  readonly #byName = new Map<string, NetStack>();
  readonly #links: Link[][] = [];
  readonly #degradations = new Set<Degradation>();
  readonly #disturbances = new Set<Disposable>();
  #connections = 0;

  constructor(engine: Engine, options: NetworkOptions = {}) {
    this.engine = engine;
    this.#quality = { ...DEFAULT_QUALITY, ...options.quality };
    this.limits = { ...DEFAULT_NET_LIMITS, ...options.limits };
  }

  /** Packets that some disturbance has lost, delayed, doubled or stopped so far. */
  get disturbedPackets(): number {
    let sum = 0;
    for (const link of this.#allLinks()) sum += link.disturbed;
    return sum;
  }

  /** Cuts directions until disposed. */
  cut(cuts: readonly Cut[]): Disposable {
    const links = cuts.map(({ from, to }) => this.#linkByName(from, to));
    for (const link of links) this.#interrupting(link, () => link.cut());
    return this.#disturbance(() => {
      for (const link of links) {
        link.mend();
        this.#mended(link);
      }
    });
  }

  /** Nodes of different groups cannot reach each other until disposed. */
  partition(...groups: readonly (readonly string[])[]): Disposable {
    return this.cut(betweenGroups(groups));
  }

  /** Packets of these directions stand still until disposed, and then all come. */
  hold(directions: Directions): Disposable {
    const links = this.#linksOf(directions);
    for (const link of links) this.#interrupting(link, () => link.hold());
    return this.#disturbance(() => {
      for (const link of links) {
        link.release();
        this.#mended(link);
      }
    });
  }

  /** What is sent within the next `forMs` arrives after it, all at once. */
  clog(directions: Directions, forMs: number): void {
    for (const link of this.#linksOf(directions)) link.clogUntil(this.engine.nowUs + forMs * 1000);
  }

  /** Changes latency, loss and so on until disposed. Where several apply, the newest wins. */
  degrade(quality: Partial<LinkQuality>, directions: Directions = {}): Disposable {
    const degradation: Degradation = { quality, directions };
    this.#degradations.add(degradation);
    this.#refreshQuality();
    return this.#disturbance(() => {
      this.#degradations.delete(degradation);
      this.#refreshQuality();
    });
  }

  /** Resets every connection between two nodes, at both ends. */
  resetConnections(a: string, b: string): void {
    const [one, other] = [this.#require(a), this.#require(b)];
    for (const endpoint of one.endpoints) {
      if (endpoint.peer.stack !== other) continue;
      endpoint.fail('reset', 'reset on the way');
      endpoint.peer.fail('reset', 'reset on the way');
    }
  }

  /** Ends every disturbance. */
  heal(): void {
    for (const disturbance of this.#disturbances) disturbance[Symbol.dispose]();
    for (const link of this.#allLinks()) link.unclog();
  }

  // What follows is for nodes and stacks.

  attach(nodeId: number, name: string): NetStack {
    const stack = new NetStack(this, nodeId, name);
    this.#stacks[nodeId] = stack;
    this.#byName.set(name, stack);
    return stack;
  }

  stackOf(name: string): NetStack | undefined {
    return this.#byName.get(name);
  }

  link(from: number, to: number): Link {
    let row = this.#links[from];
    if (row === undefined) {
      row = [];
      this.#links[from] = row;
    }
    let link = row[to];
    if (link === undefined) {
      link = new Link(this.engine, from, to, this.#qualityOf(from, to));
      row[to] = link;
    }
    return link;
  }

  connect(from: NetStack, process: NetProcess, to: Address, handler: ConnectionHandler): Connection {
    const target = this.#byName.get(to.host);
    const near = new TcpEndpoint(from, this.#connections++, to, 'opening');
    const dialled = { host: from.name, port: from.ephemeralPort() };
    const far = new TcpEndpoint(target ?? from, this.#connections++, dialled, 'absent');
    const out = this.link(from.nodeId, far.stack.nodeId);
    const back = this.link(far.stack.nodeId, from.nodeId);
    near.wire(far, out, back);
    far.wire(near, back, out);
    if (!process.isAlive) return near;
    from.endpoints.add(near);
    if (target === undefined) near.beginInVain(process, handler);
    else near.begin(process, handler);
    return near;
  }

  /** A machine without power sends nothing again. */
  forgetPacketsFrom(nodeId: number): void {
    for (const link of this.#links[nodeId] ?? []) link?.forget();
  }

  #interrupting(link: Link, interrupt: () => void): void {
    const wasInterrupted = link.isInterrupted;
    interrupt();
    if (wasInterrupted) return;
    const { interruptions } = link;
    this.engine.act(this.limits.deadAfterMs * 1000, EventCode.control, -1, 'connections across a cut give up', () => {
      if (link.isInterrupted && link.interruptions === interruptions) this.#giveUpAcross(link);
    });
  }

  /** One end gets no answer, the other hears nothing at all. */
  #giveUpAcross(link: Link): void {
    for (const [here, there] of [
      [link.from, link.to],
      [link.to, link.from],
    ] as const) {
      for (const endpoint of this.#stacks[here]!.endpoints) {
        if (endpoint.peer.stack.nodeId !== there || endpoint.openedAtUs > link.interruptedAtUs) continue;
        endpoint.fail('timed-out', 'no sign of life');
      }
    }
  }

  #mended(link: Link): void {
    if (link.isInterrupted) return;
    for (const endpoint of this.#stacks[link.to]!.endpoints) {
      if (endpoint.peer.stack.nodeId === link.from) endpoint.probeWindow();
    }
  }

  #disturbance(end: () => void): Disposable {
    const disturbance: Disposable = {
      [Symbol.dispose]: () => {
        if (this.#disturbances.delete(disturbance)) end();
      },
    };
    this.#disturbances.add(disturbance);
    return disturbance;
  }

  #refreshQuality(): void {
    for (const link of this.#allLinks()) link.quality = this.#qualityOf(link.from, link.to);
  }

  #qualityOf(from: number, to: number): LinkQuality {
    if (from === to) return LOOPBACK_QUALITY;
    let quality = this.#quality;
    for (const { quality: change, directions } of this.#degradations) {
      if (this.#isWithin(directions, from, to)) quality = { ...quality, ...change };
    }
    return quality;
  }

  #isWithin(directions: Directions, from: number, to: number): boolean {
    return (
      (directions.from === undefined || directions.from === this.#stacks[from]?.name) &&
      (directions.to === undefined || directions.to === this.#stacks[to]?.name)
    );
  }

  #linksOf(directions: Directions): Link[] {
    const links: Link[] = [];
    for (const from of this.#stacks) {
      for (const to of this.#stacks) {
        if (from !== to && this.#isWithin(directions, from.nodeId, to.nodeId))
          links.push(this.link(from.nodeId, to.nodeId));
      }
    }
    return links;
  }

  #linkByName(from: string, to: string): Link {
    return this.link(this.#require(from).nodeId, this.#require(to).nodeId);
  }

  #require(name: string): NetStack {
    const stack = this.#byName.get(name);
    if (stack === undefined) throw new RangeError(`no node is called ${JSON.stringify(name)}`);
    return stack;
  }

  *#allLinks(): Generator<Link> {
    for (const row of this.#links) for (const link of row ?? []) if (link !== undefined) yield link;
  }
}
