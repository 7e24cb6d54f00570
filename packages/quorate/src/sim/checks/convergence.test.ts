import type { CoreNode } from '@quorate/cluster/node';
import { describe, expect, test } from 'vitest';
import { checkState, divergence } from './convergence.ts';
import { HandMade, keyValue, rangeAnswer } from './hand-made.fixture.ts';

const NAMES = ['n1', 'n2', 'n3'];

/** What a node says of itself. By default it leads nobody and has applied all ten entries. */
function node(raft: Readonly<Record<string, unknown>> = {}): CoreNode {
  const usual = { appliedIndex: 10, damaged: false, leader: 1, role: 'follower' };
  return { status: { raft: { ...usual, ...raft } } } as unknown as CoreNode;
}

const LEADER = { role: 'leader' };

/** What three nodes lack that have told this of themselves. */
function lack(...nodes: readonly (CoreNode | undefined)[]): string | undefined {
  const running = new Map(NAMES.flatMap((name, i) => (nodes[i] === undefined ? [] : [[name, nodes[i]]])));
  return divergence(running, NAMES, 10);
}

describe('nodes have converged', () => {
  test('when all have applied everything and one leads', () => {
    expect(lack(node(LEADER), node(), node({ appliedIndex: 12 }))).toBeUndefined();
  });

  test.each([
    ['is not running', [node(LEADER), node(), undefined], 'n3 is not running'],
    ['is damaged', [node(LEADER), node({ damaged: true }), node()], 'n2 is still damaged'],
    ['knows no leader', [node(LEADER), node({ leader: undefined }), node()], 'n2 knows no leader'],
    ['lags behind', [node(LEADER), node(), node({ appliedIndex: 9 })], 'n3 has applied 9 of 10 entries'],
  ] as const)('not when one %s', (_why, nodes, said) => {
    expect(lack(...nodes)).toBe(said);
  });

  test('not when nobody leads, or two do', () => {
    expect(lack(node(), node(), node())).toBe('0 nodes lead: ');
    expect(lack(node(LEADER), node(LEADER), node())).toBe('2 nodes lead: n1, n2');
  });
});

describe('the state of a node', () => {
  async function check(revision: number, ...kvs: Parameters<typeof rangeAnswer>[1][]): Promise<string[]> {
    const history = new HandMade();
    history.put('k', 1);
    history.put('k', 2);
    const answer = rangeAnswer(revision, ...kvs);
    const core = { range: async () => answer, hash: async () => ({ hash: 5, compactRevision: 1 }) };
    const { hash } = await checkState('n1', { core } as unknown as CoreNode, history.reference, history.violations);
    expect(hash).toBe(5);
    return history.found;
  }

  test('is that of the reference', async () => {
    expect(await check(3, keyValue('k', 2, 2, 3, 2))).toEqual([]);
  });

  test.each([
    ['at another revision', 2, [keyValue('k', 2, 2, 3, 2)]],
    ['with an old value', 3, [keyValue('k', 1, 2)]],
    ['without a key', 3, []],
    ['with a key too many', 3, [keyValue('k', 2, 2, 3, 2), keyValue('x', 3, 3)]],
  ])('is another one %s', async (_how, revision, kvs) => {
    expect(await check(revision, ...kvs)).toEqual(['convergence']);
  });
});
