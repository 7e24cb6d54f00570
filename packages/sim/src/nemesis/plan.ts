/** Expands a profile into the list of its faults. */
import { betweenGroups, bridge, type Cut, isolate, majoritiesRing, oneWay } from '../net/index.ts';
import { parseSeed, SeededStream } from '../random/index.ts';
import { type Fault, LEADER } from './fault.ts';
import { DAMAGING, type FaultFamily, type FaultRate, type Profile } from './profile.ts';

/** Faults of one run. */
const FAULTS_MAX = 10_000;

/** In order of their beginnings. Equal profiles give equal lists; a family's faults do not depend on the other families. */
export function planFaults(profile: Profile): Fault[] {
  const faults: Fault[] = [];
  for (const rate of profile.rates) {
    const random = new SeededStream(parseSeed(profile.seed), `faults ${rate.family}`);
    const nodes = DAMAGING.includes(rate.family) ? profile.damageable : profile.nodes;
    if (nodes.length === 0) continue;
    const draw = new Draw(random, nodes, rate);
    let atMs = random.exponential(rate.meanIntervalMs);
    while (atMs < profile.durationMs && faults.length < FAULTS_MAX) {
      faults.push(draw.fault(rate.family, Math.round(atMs)));
      atMs += random.exponential(rate.meanIntervalMs);
    }
  }
  return faults.sort((a, b) => a.atMs - b.atMs);
}

class Draw {
  readonly #random: SeededStream;
  readonly #nodes: readonly string[];
  readonly #rate: FaultRate;

  constructor(random: SeededStream, nodes: readonly string[], rate: FaultRate) {
    this.#random = random;
    this.#nodes = nodes;
    this.#rate = rate;
  }

  fault(family: FaultFamily, atMs: number): Fault {
    const random = this.#random;
    const forMs = Math.max(1, Math.round(random.exponential(this.#rate.meanDurationMs)));
    const times = { atMs, forMs };
    const one = { ...times, nodes: [this.#one()] };
    switch (family) {
      case 'partition':
        return { kind: 'cut', ...times, ...this.#partition() };
      case 'one-way':
        return { kind: 'cut', ...times, ...this.#oneWay() };
      case 'clog':
        return { kind: 'clog', ...one };
      case 'loss':
        return { kind: 'degrade', ...times, quality: this.#badQuality() };
      case 'reset':
        return { kind: 'reset', ...one };
      case 'kill':
        return { kind: 'kill', ...times, nodes: this.#some() };
      case 'crash':
        return { kind: 'crash', ...times, nodes: this.#some() };
      case 'pause':
        return { kind: 'pause', ...times, nodes: this.#some() };
      case 'clock':
        return this.#clock(times);
      case 'slow-disk':
        return { kind: 'slow-disk', ...times, nodes: this.#some(), factor: random.pick([3, 10, 50]) };
      case 'stuck-sync':
        return { kind: 'stuck-sync', ...one };
      case 'disk-full':
        return { kind: 'disk-full', ...times, nodes: [this.#fixed()], freeBytes: random.pick([0, 511, 4096, 65_536]) };
      case 'failed-sync':
        return { kind: random.below(3) === 0 ? 'failed-write' : 'failed-sync', ...times, nodes: [this.#fixed()] };
      case 'bit-flip':
        return { kind: 'bit-flip', ...times, nodes: [this.#fixed()] };
    }
  }

  /** Any one, and often whoever leads. */
  #one(): string {
    return this.#random.below(3) === 0 ? LEADER : this.#fixed();
  }

  #fixed(): string {
    return this.#random.pick(this.#nodes);
  }

  /** One, a minority, a majority, or all. */
  #some(): string[] {
    const random = this.#random;
    const all = this.#nodes.length;
    const style = random.below(8);
    if (style < 4) return [this.#one()];
    const shuffled = random.shuffled(this.#nodes);
    if (style < 6) return shuffled.slice(0, Math.max(1, Math.floor((all - 1) / 2)));
    return style === 6 ? shuffled.slice(0, Math.floor(all / 2) + 1) : shuffled;
  }

  #partition(): { shape: string; cuts: readonly Cut[] } {
    const random = this.#random;
    const nodes = random.shuffled(this.#nodes);
    const middle = Math.floor(nodes.length / 2);
    const ring = nodes.length >= 3;
    switch (random.pick(ring ? ['halves', 'isolate', 'uniform', 'bridge', 'ring'] : ['halves'])) {
      case 'halves':
        return { shape: 'halves', cuts: betweenGroups([nodes.slice(0, middle), nodes.slice(middle)]) };
      case 'isolate':
        return { shape: 'isolate', cuts: isolate(nodes[0]!, nodes) };
      case 'bridge':
        return { shape: 'bridge', cuts: bridge(nodes[0]!, nodes) };
      case 'ring':
        return { shape: 'ring of majorities', cuts: majoritiesRing(nodes) };
      default: {
        const groups: string[][] = [[], [], []];
        for (const node of nodes) groups[random.below(groups.length)]!.push(node);
        return { shape: 'any groups', cuts: betweenGroups(groups) };
      }
    }
  }

  #oneWay(): { shape: string; cuts: readonly Cut[] } {
    const node = this.#fixed();
    const others = this.#random.shuffled(this.#nodes.filter((other) => other !== node));
    const some = others.slice(0, this.#random.between(1, Math.max(1, others.length)));
    const outwards = this.#random.below(2) === 0;
    return { shape: 'one way', cuts: outwards ? oneWay([node], some) : oneWay(some, [node]) };
  }

  #badQuality(): Extract<Fault, { kind: 'degrade' }>['quality'] {
    const random = this.#random;
    return {
      loss: random.pick([0.01, 0.05, 0.2]),
      duplicate: random.pick([0, 0.05, 0.3]),
      reorder: random.pick([0, 0.1, 0.5]),
      reset: random.pick([0, 0, 0.001, 0.01]),
      latency: { minMs: random.pick([0.2, 5, 20]), meanMs: random.pick([1, 10, 50]) },
    };
  }

  #clock(times: { atMs: number; forMs: number }): Fault {
    const random = this.#random;
    const target = { ...times, nodes: this.#some() };
    const magnitudeMs = Math.ceil(random.exponential(random.pick([10, 1000, 60_000]))) + 1;
    const byMs = random.below(2) === 0 ? magnitudeMs : -magnitudeMs;
    switch (random.below(3)) {
      case 0:
        return { kind: 'drift', ...target, ppm: random.between(-50_000, 50_000) };
      case 1:
        return { kind: 'jump', ...target, byMs };
      default:
        return { kind: 'strobe', ...target, byMs, periodMs: random.pick([1, 10, 100]) };
    }
  }
}
