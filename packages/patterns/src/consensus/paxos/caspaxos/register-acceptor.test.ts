import { describe, expect, test } from 'vitest';
import { NodeId } from '../ballot.ts';
import { ballotOf as b, SoloAcceptor } from './solo.fixture.ts';

describe('an acceptor of registers', () => {
  test('keeps promises and values of keys apart (section 3)', () => {
    const solo = new SoloAcceptor();
    expect(solo.prepare('x', b(5))).toEqual(['persist #1 record', '>1 promise 5.1 after #1']);
    expect(solo.prepare('y', b(3, 2))).toEqual(['persist #2 record', '>2 promise 3.2 after #2']);
    expect(solo.prepare('x', b(3, 2))).toEqual(['>2 rejected 3.2: outbid by 5.1']);
  });

  test('promises the next ballot with the one it accepts (section 2.2.1)', () => {
    const solo = new SoloAcceptor();
    expect(solo.accept('x', b(1), 'a', { next: b(2) })).toEqual(['persist #1 record', '>1 accepted 1.1 after #1']);
    expect(solo.prepare('x', b(1, 2))).toEqual(['>2 rejected 1.2: outbid by 2.1']);
    expect(solo.accept('x', b(2), 'b')).toEqual(['persist #2 record', '>1 accepted 2.1 after #2']);
  });

  test('accepts the same thing twice without lowering what it has promised since', () => {
    const solo = new SoloAcceptor();
    solo.accept('x', b(1), 'a', { next: b(2) });
    expect(solo.accept('x', b(1), 'a', { next: b(2) })).toEqual(['>1 accepted 1.1 after #1']);
    solo.prepare('x', b(7, 2));
    expect(solo.accept('x', b(1), 'a', { next: b(2) })).toEqual(['>1 accepted 1.1 after #2']);
    expect(solo.acceptor.records.get('x')?.promised).toEqual(b(7, 2));
    solo.hear(50, { kind: 'require-ages', run: 'r', ages: [[NodeId.of(1), 1]] });
    expect(solo.accept('x', b(1), 'a', { next: b(2) })).toEqual(['>1 rejected 1.1: outdated by 7.2']);
  });

  test('answers a query without a promise, but not before what it tells is durable', () => {
    const solo = new SoloAcceptor();
    expect(solo.hear(2, { kind: 'query', key: 'x', id: 1 })).toEqual(['>2 queried']);
    solo.accept('x', b(1), 'a');
    expect(solo.hear(2, { kind: 'query', key: 'x', id: 2 })).toEqual(['>2 queried ("a" at 1.1) after #1']);
  });

  test('does not listen to a proposer that is younger than required, nor to old messages of one that has aged (3.1, step 2 c)', () => {
    const solo = new SoloAcceptor();
    const ages = [[NodeId.of(1), 2]] as const;
    expect(solo.hear(50, { kind: 'require-ages', run: 'r', ages })).toEqual([
      'persist #1 ages',
      '>50 ages-required after #1',
    ]);
    expect(solo.hear(50, { kind: 'require-ages', run: 'r', ages })).toEqual(['>50 ages-required after #1']);
    expect(solo.hear(50, { kind: 'require-ages', run: 's', ages: [[NodeId.of(1), 1]] })).toEqual([
      '>50 ages-required after #1',
    ]);
    expect(solo.prepare('x', b(1), 1)).toEqual(['>1 rejected 1.1: outdated']);
    expect(solo.accept('x', b(1), 'a', { age: 1 })).toEqual(['>1 rejected 1.1: outdated']);
    expect(solo.prepare('x', b(1, 2), 0)).toEqual(['persist #2 record', '>2 promise 1.2 after #2']);
    expect(solo.prepare('x', b(2), 2)).toEqual(['persist #3 record', '>1 promise 2.1 after #3']);
  });

  test('erases a register that holds the tombstone and nothing later, and says which it kept (3.1, step 2 d)', () => {
    const solo = new SoloAcceptor();
    solo.accept('gone', b(3), undefined);
    solo.accept('gone too', b(3), undefined);
    solo.accept('used', b(3), undefined);
    solo.accept('used', b(4), 'a');
    solo.accept('promised', b(3), undefined);
    solo.prepare('promised', b(4, 2));
    solo.prepare('only promised', b(3));
    solo.accept('not reached', b(2), 'a');
    solo.prepare('not reached', b(3));
    const tombstones = ['gone', 'used', 'gone too', 'promised', 'only promised', 'not reached', 'never'].map((key) => ({
      key,
      ballot: b(3),
    }));
    const message = { kind: 'erase', run: 'r', tombstones } as const;
    expect(solo.hear(50, message)).toEqual([
      'persist #10 erase gone, gone too',
      '>50 erased, kept used, promised, only promised, not reached after #10',
    ]);
    expect([...solo.acceptor.records.keys()]).toEqual(['used', 'promised', 'only promised', 'not reached']);
    expect(solo.hear(50, message)).toEqual(['>50 erased, kept used, promised, only promised, not reached after #10']);
  });

  test('makes the erasure of a single register durable, too', () => {
    const solo = new SoloAcceptor();
    solo.accept('gone', b(3), undefined);
    expect(solo.hear(50, { kind: 'erase', run: 'r', tombstones: [{ key: 'gone', ballot: b(3) }] })).toEqual([
      'persist #2 erase gone',
      '>50 erased, kept  after #2',
    ]);
  });

  test('has room for so many registers, and refuses one more while it serves those it has', () => {
    const solo = new SoloAcceptor({ keysMax: 1 });
    solo.accept('x', b(1), 'a');
    expect(solo.prepare('y', b(1))).toEqual(['>1 rejected 1.1: full']);
    expect(solo.accept('y', b(1), 'a')).toEqual(['>1 rejected 1.1: full']);
    expect(solo.prepare('x', b(2))).toEqual(['persist #2 record', '>1 promise 2.1 ("a" at 1.1) after #2']);
  });

  test('has room for a million by default', () => {
    expect(new SoloAcceptor().acceptor.keysMax).toBe(1_000_000);
  });

  test('counts its tickets on from the one that it is given, when one log serves several', () => {
    const solo = new SoloAcceptor({ ticket: 7 });
    expect(solo.prepare('x', b(1))).toEqual(['persist #8 record', '>1 promise 1.1 after #8']);
    expect(solo.acceptor.ticket).toBe(8);
  });

  test('goes on from what its disk held', () => {
    const record = { promised: b(4), accepted: { ballot: b(3), value: { value: 'a', marks: [] } } };
    const solo = new SoloAcceptor({}, { records: [['x', record]], ages: [[NodeId.of(1), 1]] });
    expect(solo.prepare('x', b(5))).toEqual(['>1 rejected 5.1: outdated by 4.1']);
    expect(solo.prepare('x', b(5), 1)).toEqual(['persist #1 record', '>1 promise 5.1 ("a" at 3.1) after #1']);
  });
});
