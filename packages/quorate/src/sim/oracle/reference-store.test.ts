import { describe, expect, test } from 'vitest';
import { bytes, HandMade } from '../checks/hand-made.fixture.ts';
import { markedValue } from './marks.ts';

const put = (key: string, mark: number) => ({ kind: 'put', key: bytes(key), value: bytes(markedValue(mark)) }) as const;

describe('a command with a session', () => {
  /** A session, whose id is the place of the command that opened it. */
  function opened(): { history: HandMade; session: number } {
    const history = new HandMade();
    history.commit({ kind: 'session-open' });
    return { history, session: history.reference.position };
  }

  test('is carried out once, however often it comes', () => {
    const { history, session } = opened();
    for (let i = 0; i < 3; i++) history.commit(put('k', 1), { session, sequence: 1, acknowledgedBelow: 1 });
    expect(history.reference.revision).toBe(2);
    expect([history.twice, history.repetitions]).toEqual([[], 2]);
  });

  test('is not carried out when its answer was acknowledged', () => {
    const { history, session } = opened();
    history.commit(put('k', 2), { session, sequence: 2, acknowledgedBelow: 2 });
    history.commit(put('k', 1), { session, sequence: 1, acknowledgedBelow: 1 });
    expect(history.reference.applied(1)).toBeUndefined();
    expect(history.reference.history.at('k')?.value).toBe('v2');
  });

  test('is not carried out when the session is not known', () => {
    const { history } = opened();
    history.commit(put('k', 1), { session: 99, sequence: 1, acknowledgedBelow: 1 });
    expect(history.reference.revision).toBe(1);
  });
});

test('a marked command that is carried out again is reported', () => {
  const history = new HandMade();
  history.put('k', 1);
  history.put('k', 1);
  expect(history.twice).toEqual([1]);
});

test('a put with a lease that is not there is refused, and its mark may come again', () => {
  const history = new HandMade();
  history.put('k', 1, 77);
  expect(history.reference.applied(1)?.answer).toBeUndefined();
  history.put('k', 1);
  expect(history.twice).toEqual([]);
});

describe('a lease', () => {
  function leased(): HandMade {
    const history = new HandMade();
    history.commit({ kind: 'lease-grant', id: 7, ttlSeconds: 3 });
    history.put('k', 1, 7);
    return history;
  }

  test('takes its keys along when it is revoked', () => {
    const history = leased();
    history.commit({ kind: 'lease-revoke', id: 7 });
    expect(history.reference.history.at('k')).toBeUndefined();
    expect(history.expired).toEqual([]);
  });

  test('is ended for good only by the leader that keeps leases now', () => {
    const history = leased();
    history.commit({ kind: 'lease-epoch', term: 4 });
    history.commit({ kind: 'lease-revoke', id: 7, leaderTerm: 3 });
    expect(history.reference.history.at('k')?.lease).toBe(7);
    history.commit({ kind: 'lease-revoke', id: 7, leaderTerm: 4 });
    expect(history.expired).toEqual([{ id: 7, ttlSeconds: 3 }]);
    expect(history.reference.leases.size).toBe(0);
  });
});

test('all changes of a transaction are one revision, and one without changes is none', () => {
  const history = new HandMade();
  history.put('k', 1);
  const compare = [{ target: 'value', result: 'equal', key: bytes('k'), operand: bytes('v1') }] as const;
  history.commit({ kind: 'txn', compare, success: [put('a', 2), put('b', 2)], failure: [] });
  expect(history.reference.revision).toBe(3);
  expect(history.reference.applied(2)?.answer).toBe('revision 3: true put; put');
  history.commit({
    kind: 'txn',
    compare: [{ ...compare[0], operand: bytes('x') }],
    success: [put('c', 3)],
    failure: [],
  });
  expect(history.reference.revision).toBe(3);
});
