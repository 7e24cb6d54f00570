/**
 * Which faults a run has, how often, and what it is like between them: drawn from the seed, in the manner of swarm
 * testing (Groce et al., ISSTA 2012). Most seeds have only some families, because a run with all of them hides what a
 * run with few of them shows.
 */
import type { LinkQuality } from '../net/index.ts';
import { type Delay, parseSeed, SeededStream, type SeedInput } from '../random/index.ts';
import type { WorldOptions } from '../world/index.ts';

export const FAULT_FAMILIES = [
  'partition',
  'one-way',
  'clog',
  'loss',
  'reset',
  'kill',
  'crash',
  'pause',
  'clock',
  'slow-disk',
  'stuck-sync',
  'disk-full',
  'failed-sync',
  'bit-flip',
] as const;
export type FaultFamily = (typeof FAULT_FAMILIES)[number];

/** What takes bytes that had been acknowledged away from a node, or stops it. Only a minority of nodes suffers it in one run. */
export const DAMAGING: readonly FaultFamily[] = ['disk-full', 'failed-sync', 'bit-flip'];

export interface FaultRate {
  readonly family: FaultFamily;
  /** Between the beginnings of two faults of the family. */
  readonly meanIntervalMs: number;
  readonly meanDurationMs: number;
}

export interface Profile {
  readonly seed: string;
  readonly nodes: readonly string[];
  readonly durationMs: number;
  readonly rates: readonly FaultRate[];
  /** Who may suffer damaging faults. */
  readonly damageable: readonly string[];
  readonly turnMs: number;
  readonly quality: Partial<LinkQuality>;
  readonly syncLatency: Delay;
  /** How wrong each node's clock runs all the time. */
  readonly driftPpm: readonly number[];
}

export interface ProfileOptions {
  readonly seed: SeedInput;
  readonly nodes: readonly string[];
  readonly durationMs: number;
  /** Families that may be drawn. Default: all. */
  readonly families?: readonly FaultFamily[];
  /** True: every family that may be is on. Default false: the seed chooses. */
  readonly all?: boolean;
}

export function drawProfile(options: ProfileOptions): Profile {
  const random = new SeededStream(parseSeed(options.seed), 'profile');
  const families = options.families ?? FAULT_FAMILIES;
  const drawn = families.filter((_, i) => options.all === true || random.chance(i === 0 ? 0.6 : 0.4));
  const chosen = drawn.length === 0 && families.length > 0 ? [random.pick(families)] : drawn;
  const minority = Math.floor((options.nodes.length - 1) / 2);
  return {
    seed: String(options.seed),
    nodes: options.nodes,
    durationMs: options.durationMs,
    rates: chosen.map((family) => drawRate(family, options.durationMs, random)),
    damageable: random.shuffled(options.nodes).slice(0, minority),
    turnMs: random.pick([0.001, 0.05, 0.05, 0.2, 1]),
    quality: {
      latency: { minMs: random.between(1, 20) / 20, meanMs: random.between(1, 40) / 20 },
      split: random.pick([0, 0.02, 0.1, 0.5]),
    },
    syncLatency: { minMs: random.between(1, 20) / 10, meanMs: random.between(1, 50) / 10 },
    driftPpm: options.nodes.map(() => random.between(-200, 200)),
  };
}

/** From a handful of faults in the run to several per second; a family's faults overlap at times. */
function drawRate(family: FaultFamily, durationMs: number, random: SeededStream): FaultRate {
  const perRun = random.pick([2, 4, 8, 16]);
  const meanIntervalMs = Math.max(200, Math.round(durationMs / perRun));
  const meanDurationMs = random.pick([20, 100, 400, 1000, 2500]);
  return { family, meanIntervalMs, meanDurationMs: Math.min(meanDurationMs, meanIntervalMs * 2) };
}

/** The world that the profile asks for. */
export function worldOptions(profile: Profile): Pick<WorldOptions, 'seed' | 'turnMs' | 'net' | 'disk'> {
  return {
    seed: profile.seed,
    turnMs: profile.turnMs,
    net: { quality: profile.quality },
    disk: { latency: { sync: profile.syncLatency } },
  };
}

/** The option block that is printed with a seed: everything that the seed has decided before the run begins. */
export function describeProfile(profile: Profile): string {
  const { latency, split } = profile.quality;
  const lines = [
    `seed        ${profile.seed}`,
    `nodes       ${profile.nodes.map((node, i) => `${node} (${profile.driftPpm[i]} ppm)`).join(', ')}`,
    `duration    ${profile.durationMs} ms, turns of ${profile.turnMs} ms`,
    `network     ${latency?.minMs} ms + exp ${latency?.meanMs} ms, ${Math.round((split ?? 0) * 100)} % of writes split`,
    `disk        sync ${profile.syncLatency.minMs} ms + exp ${profile.syncLatency.meanMs} ms`,
    `damageable  ${profile.damageable.join(', ') || 'none'}`,
  ];
  for (const rate of profile.rates) {
    lines.push(`fault       ${rate.family} every ${rate.meanIntervalMs} ms for ${rate.meanDurationMs} ms`);
  }
  return lines.join('\n');
}
