/**
 * Stories that are too long to be found by visiting all states: `testdata/register_stories.txt`. Each is told twice. With one rule broken it ends
 * wrong; with all rules in force it stops at a step that cannot be taken, or ends well. `REWRITE=1` fills in how they end.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sameBallot } from '../ballot.ts';
import { expectGolden, titlesIn } from '../story.fixture.ts';
import type { CollectionStep } from './garbage-collection.ts';
import type { Operation } from './history.fixture.ts';
import { growing } from './systems.fixture.ts';
import { followRegisters, type RegisterSystem } from './world.fixture.ts';

const append = (token: string): Operation => ({ kind: 'append', token });
const remove: Operation = { kind: 'delete' };
const read: Operation = { kind: 'read' };

const deleting: RegisterSystem = {
  acceptors: 2,
  initially: 'a',
  clients: [
    { lives: [[remove, append('c')]], rounds: 2 },
    { lives: [[append('b'), read]], rounds: 1 },
  ],
  collects: { op: '1a1' },
};
const lagging: RegisterSystem = {
  acceptors: 3,
  clients: [
    { lives: [[remove]], rounds: 1 },
    { lives: [[append('b'), read]], rounds: 3 },
  ],
  collects: { op: '1a1' },
};
const settling: RegisterSystem = {
  acceptors: 2,
  initially: 'a',
  clients: [
    { lives: [[append('c')]], rounds: 1 },
    { lives: [[read, remove]], rounds: 1 },
  ],
  collects: { op: '2a2', sweeper: 2 },
};
const configuring: RegisterSystem = {
  ...growing,
  clients: [
    { lives: [[append('c')]], rounds: 2 },
    { lives: [[append('b')]], rounds: 2 },
  ],
};
const stepping = (...steps: CollectionStep[]): Partial<RegisterSystem> => ({ collects: { op: '1a1', steps } });

const stories: readonly (readonly [what: string, system: RegisterSystem, change: Partial<RegisterSystem>])[] = [
  ['a collection that only writes everywhere and erases', deleting, stepping('sweep', 'erase')],
  ['a collection that requires no ages', deleting, stepping('sweep', 'outdate', 'erase')],
  ['a collection that erases what was written since', deleting, { rules: { mayErase: () => true } }],
  [
    'a collection that forgets what was promised since',
    deleting,
    {
      rules: {
        mayErase: ({ accepted }, tombstone) => accepted !== undefined && sameBallot(accepted.ballot, tombstone),
      },
    },
  ],
  ['a proposer that does not go beyond the tombstone', lagging, { rules: { roundToPass: () => 0 } }],
  ['a change that is settled though its register was erased', settling, { rules: { outlivesErasure: () => true } }],
  ['a phase 1 that is counted two configurations later', configuring, { rules: { outlivesConfiguration: () => true } }],
];

describe('ends wrong without one rule, and cannot happen or ends well with all', () => {
  const told = new Map(
    readFileSync(new URL('../testdata/register_stories.txt', import.meta.url), 'utf8')
      .split('# ')
      .slice(1)
      .map((section) => {
        const [what, ...lines] = section.trimEnd().split('\n');
        return [what!, lines.filter((line) => !/^(=>|--)/.test(line))] as const;
      }),
  );
  for (const [what, system, change] of stories)
    test(what, () => {
      const steps = told.get(what)!;
      const broken = followRegisters({ ...system, ...change }, steps);
      const whole = followRegisters(system, steps);
      const instead = whole.taken === steps.length ? 'it ends well' : `this cannot happen: ${steps[whole.taken]}`;
      const refused = broken.wrong ?? `it stops at: ${steps[broken.taken]}`;
      expect(broken.wrong).toMatch(/not linearizable/);
      expect(broken.taken).toBe(steps.length);
      expect(whole.wrong).toBeUndefined();
      expectGolden(
        'register_stories.txt',
        `# ${what}\n${steps.join('\n')}\n=> ${refused}\n-- with all rules ${instead}\n`,
      );
    });
  test('each story of the file', () => {
    expect(titlesIn('register_stories.txt')).toEqual(stories.map(([what]) => what));
  });
});
