import { describe, expect, test } from 'vitest';
import { type Bug, explore, type Planned } from './migration-model.fixture.ts';

const t = { unit: '#0', to: 't' };
const s = { unit: '#0', to: 's' };

describe('all states of a bucket that moves, with messages lost, late and repeated, clients with old tables, and crashes anywhere', () => {
  const isSound = (plan: readonly Planned[], writes: number, rollBacks: number): number => {
    const found = explore({ writes, rollBacks, plan, bug: 'none' });
    expect(found).toMatchObject({ violation: undefined, stuck: 0 });
    return found.states;
  };
  test('one move, which may be called off: no two cells serve, nothing accepted is lost, and it can always be settled', () => {
    expect(isSound([t], 2, 1)).toBeGreaterThan(300);
  });
  test('there and back, with all the old messages still on their way', () => {
    expect(isSound([t, s], 1, 1)).toBeGreaterThan(500);
  });
  test('a key is pinned elsewhere, then the rest of its bucket moves', () => {
    expect(
      isSound(
        [
          { unit: '=k', to: 't' },
          { unit: '#0', to: 'u' },
        ],
        1,
        1,
      ),
    ).toBeGreaterThan(1_000);
  });
  test('the bucket moves, then a key is pinned out of it', () => {
    expect(
      isSound(
        [
          { unit: '#0', to: 'u' },
          { unit: '=k', to: 't' },
        ],
        1,
        1,
      ),
    ).toBeGreaterThan(1_000);
  });
  test('a pinned key comes home, is unpinned, and moves with its bucket', () => {
    expect(isSound([{ unit: '=k', to: 't' }, { unit: '=k', to: 's' }, { unpin: 'k' }, t], 1, 0)).toBeGreaterThan(200);
  });
  for (const bug of [
    'no-fence',
    'forgotten-fence',
    'no-catch-up',
    'late-roll-back',
    'no-move-numbers',
    'early-activation',
  ] satisfies Bug[])
    test(`a deliberate bug is found: ${bug}`, () => {
      const found = explore({ writes: 1, rollBacks: 1, plan: [t, s], bug });
      expect(found.violation).toMatch(/two cells serve|serves . without/);
    });
});
