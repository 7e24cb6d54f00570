import { CoreError } from '@quorate/cluster/client';
import { describe, expect, test } from 'vitest';
import { HandMade, keyValue, putAnswer, rangeAnswer } from './hand-made.fixture.ts';
import { type ReadOptions, RevisionCheck } from './revision-check.ts';

const NOW: ReadOptions = { from: 'k', to: undefined, revision: 0, weak: false };

function setUp(): { history: HandMade; check: RevisionCheck } {
  const history = new HandMade();
  return { history, check: new RevisionCheck(history.reference, history.operations, history.violations) };
}

describe('an answered write', () => {
  test('is in the log, with the answer that belongs there', () => {
    const { history, check } = setUp();
    const floor = check.floor();
    const write = history.begin('put', 1);
    check.writeAnswered(write, putAnswer(history.put('k', 1)), floor);
    expect(history.found).toEqual([]);
    expect(write.outcome).toBe('answered');
  });

  test('that is in no log is lost', () => {
    const { history, check } = setUp();
    check.writeAnswered(history.begin('put', 1), putAnswer(2), check.floor());
    expect(history.found).toEqual(['durability']);
  });

  test('must not claim another revision than the log gave it', () => {
    const { history, check } = setUp();
    history.put('k', 1);
    check.writeAnswered(history.begin('put', 1), putAnswer(3), check.floor());
    expect(history.found).toEqual(['revisions']);
  });

  test('must stand behind what had been answered before it was called', () => {
    const { history, check } = setUp();
    const [early, late] = [history.put('k', 1), history.put('k', 2)];
    check.writeAnswered(history.begin('put', 2), putAnswer(late), check.floor());
    check.writeAnswered(history.begin('put', 1), putAnswer(early), check.floor());
    expect(history.found).toEqual(['real-time-order']);
  });

  test('may stand before what was answered while it was under way', () => {
    const { history, check } = setUp();
    const floor = check.floor();
    const [early, late] = [history.put('k', 1), history.put('k', 2)];
    check.writeAnswered(history.begin('put', 2), putAnswer(late), floor);
    check.writeAnswered(history.begin('put', 1), putAnswer(early), floor);
    expect(history.found).toEqual([]);
  });
});

describe('an answered read', () => {
  /** Two puts, the second answered to somebody. */
  function after(): ReturnType<typeof setUp> {
    const made = setUp();
    const revision = [made.history.put('k', 1), made.history.put('k', 2)][1]!;
    made.check.writeAnswered(made.history.begin('put', 2), putAnswer(revision), made.check.floor());
    return made;
  }

  test('finds what is there at its revision', () => {
    const { history, check } = after();
    const answer = rangeAnswer(3, keyValue('k', 2, 2, 3, 2));
    check.readAnswered(history.begin('get'), NOW, answer, check.floor());
    check.readAnswered(
      history.begin('get'),
      { ...NOW, revision: 2 },
      rangeAnswer(3, keyValue('k', 1, 2)),
      check.floor(),
    );
    expect(history.found).toEqual([]);
  });

  test('must not find anything else', () => {
    const { history, check } = after();
    check.readAnswered(history.begin('get'), NOW, rangeAnswer(3, keyValue('k', 1, 2)), check.floor());
    expect(history.found).toEqual(['revisions']);
  });

  test('must not miss anything', () => {
    const { history, check } = after();
    check.readAnswered(history.begin('get'), NOW, rangeAnswer(3), check.floor());
    expect(history.found).toEqual(['revisions']);
  });

  test('must not be of the past', () => {
    const { history, check } = after();
    check.readAnswered(history.begin('get'), NOW, rangeAnswer(2, keyValue('k', 1, 2)), check.floor());
    expect(history.found).toEqual(['stale-read']);
  });

  test('may be of the past when it was asked for weakly', () => {
    const { history, check } = after();
    const answer = rangeAnswer(2, keyValue('k', 1, 2));
    check.readAnswered(history.begin('get'), { ...NOW, weak: true }, answer, check.floor());
    expect(history.found).toEqual([]);
  });

  test('must not be of the future', () => {
    const { history, check } = after();
    check.readAnswered(history.begin('get'), NOW, rangeAnswer(4, keyValue('k', 2, 2, 3, 2)), check.floor());
    expect(history.found).toEqual(['revisions']);
  });
});

describe('a write that was refused as not applied', () => {
  const refusal = new CoreError('no-leader', 'nobody leads', { outcome: 'not-applied' });

  test('is in no log', () => {
    const { history, check } = setUp();
    check.failed(history.begin('put', 1), refusal);
    check.refusedStayOut();
    expect(history.found).toEqual([]);
  });

  test('must not be carried out after all', () => {
    const { history, check } = setUp();
    check.failed(history.begin('put', 1), refusal);
    history.put('k', 1);
    check.refusedStayOut();
    expect(history.found).toEqual(['honest-refusals']);
  });

  test('may be in the log as a refusal', () => {
    const { history, check } = setUp();
    check.failed(history.begin('put', 1), refusal);
    history.put('k', 1, 77);
    check.refusedStayOut();
    expect(history.found).toEqual([]);
  });

  test('may be carried out when its outcome was unknown', () => {
    const { history, check } = setUp();
    check.failed(history.begin('put', 1), new CoreError('timed-out', 'no answer', { outcome: 'unknown' }));
    history.put('k', 1);
    check.refusedStayOut();
    expect(history.found).toEqual([]);
  });
});

test('a failure that is no answer of the cluster is passed on', () => {
  const { history, check } = setUp();
  expect(() => check.failed(history.begin('put', 1), new TypeError('a defect'))).toThrow('a defect');
});
