/**
 * A run that is laid out in a file, so that one command shows it again:
 *
 *     {
 *       "nodes": 3, "seconds": 5, "families": [],
 *       "scenario": { "shape": { "clients": 1 }, "raft": { "preVote": false }, "profile": { "turnMs": 0.05 } },
 *       "faults": [{ "kind": "kill", "atMs": 400, "forMs": 20, "nodes": ["@leader"] }]
 *     }
 *
 * What it lays down is not drawn; whatever it leaves out is. The seed is not in it: any may be run.
 */
import { FAULT_FAMILIES, type Fault, formatFaults, parseFaults } from '@quorate/sim/nemesis';
import type { SeedOptions } from './run-seed.ts';
import type { Scenario } from './scenario.ts';
import { drawShape } from './shape.ts';

export type LaidOut = Partial<Pick<SeedOptions, 'nodes' | 'seconds' | 'families' | 'faults' | 'scenario'>>;

type Check = (value: unknown, path: string) => void;
type Checks = Readonly<Record<string, Check>>;

const NODES_MAX = 9;
const SECONDS_MAX = 3600;

/** Throws `SyntaxError` when it is no JSON, and `RangeError` that names what is wrong where. */
export function parseScenario(text: string): LaidOut {
  const found: unknown = JSON.parse(text);
  expectFields(found, 'the file', {
    nodes: wholeUpTo(NODES_MAX),
    seconds: wholeUpTo(SECONDS_MAX),
    families: expectFamilies,
    scenario: expectScenario,
    faults: expectFaults,
  });
  return found as LaidOut;
}

export function formatScenario({ nodes, seconds, families, scenario, faults }: LaidOut): string {
  return `${JSON.stringify({ nodes, seconds, families, scenario, faults }, undefined, 1)}\n`;
}

function expectScenario(value: unknown, path: string): void {
  expectFields(value, path, {
    shape: (shape, at) => expectLike(shape, at, SHAPE),
    raft: expectRaft,
    profile: (profile, at) => expectFields(profile, at, { turnMs: number, quality: object, syncLatency: object }),
  });
}

/** All that are drawn have the same fields, of the same types. */
const SHAPE = Object.fromEntries(
  Object.entries(drawShape('1', 3)).filter(([name]) => name !== 'nodes' && name !== 'raft'),
);

/** As the sample has it, with as many of its fields as there are. */
function expectLike(value: unknown, path: string, sample: object): void {
  const checks = Object.entries(sample).map(([name, like]): [string, Check] => [
    name,
    (field, at) =>
      typeof like === 'object' ? expectLike(field, at, like as object) : expectType(field, at, typeof like),
  ]);
  expectFields(value, path, Object.fromEntries(checks));
}

/** What a Raft group may be told, and of what type it is. */
const RAFT: { readonly [option in keyof Required<NonNullable<Scenario['raft']>>]: Check } = {
  electionTimeoutMs: number,
  heartbeatIntervalMs: number,
  preVote: boolean,
  checkQuorum: boolean,
  reads: (value, path) => expectOneOf(value, path, ['index', 'lease']),
  clockDriftMs: number,
  inflightMessagesMax: number,
  inflightBytesMax: number,
  appendBytesMax: number,
  uncommittedBytesMax: number,
  quiesceAfterMs: number,
  snapshotEntries: number,
  snapshotBytes: number,
  trailingEntries: number,
  trailingBytes: number,
  readTimeoutMs: number,
  transferTimeoutMs: number,
  applyBacklogBytesMax: number,
  queuedProposalsMax: number,
};

function expectRaft(value: unknown, path: string): void {
  expectFields(value, path, RAFT);
}

function expectFamilies(value: unknown, path: string): void {
  for (const [i, family] of list(value, path).entries()) expectOneOf(family, `${path}[${i}]`, FAULT_FAMILIES);
}

function expectFaults(value: unknown, path: string): void {
  const faults = list(value, path) as readonly Fault[];
  try {
    parseFaults(formatFaults(faults));
  } catch (error) {
    throw new RangeError(`${path}: ${(error as Error).message}`);
  }
}

function expectFields(value: unknown, path: string, checks: Checks): void {
  object(value, path);
  for (const [name, field] of Object.entries(value as object)) {
    if (!Object.hasOwn(checks, name)) {
      throw new RangeError(`${path} has ${name}; there are: ${Object.keys(checks).join(', ')}`);
    }
    checks[name]!(field, path === 'the file' ? name : `${path}.${name}`);
  }
}

function object(value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RangeError(`${path}: an object was expected, not ${JSON.stringify(value)}`);
  }
}

function list(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new RangeError(`${path}: a list was expected, not ${JSON.stringify(value)}`);
  return value;
}

function number(value: unknown, path: string): void {
  expectType(value, path, 'number');
}

function boolean(value: unknown, path: string): void {
  expectType(value, path, 'boolean');
}

function expectType(value: unknown, path: string, type: string): void {
  if (typeof value === type) return;
  throw new RangeError(`${path}: a ${type} was expected, not ${JSON.stringify(value)}`);
}

function expectOneOf(value: unknown, path: string, known: readonly string[]): void {
  if (known.includes(value as string)) return;
  throw new RangeError(`${path} is ${JSON.stringify(value)}; there are: ${known.join(', ')}`);
}

function wholeUpTo(most: number): Check {
  return (value, path) => {
    if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most) return;
    throw new RangeError(`${path}: a whole number from 1 to ${most} was expected, not ${JSON.stringify(value)}`);
  };
}
