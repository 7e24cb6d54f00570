import { CoreError } from '@quorate/cluster/client';
import { describe, expect, test } from 'vitest';
import { markedValue } from '../oracle/marks.ts';
import type { Recorded } from '../workload/operation-log.ts';
import { HandMade } from './hand-made.fixture.ts';
import { checkLinearizability } from './linearizability.ts';

/** Clients of one key, `k`. Calls and returns happen in the order in which they are written down. */
class Register {
  readonly history: HandMade = new HandMade();

  read(client: string): Recorded {
    return this.history.begin('get k', 0, [{ key: 'k', kind: 'read', value: undefined }], client);
  }

  found(read: Recorded, mark: number | undefined): void {
    read.values = [mark === undefined ? undefined : markedValue(mark)];
    this.history.operations.answered(read, 'revision 0: []');
  }

  write(client: string, mark: number): Recorded {
    return this.history.begin('put k', mark, [{ key: 'k', kind: 'write', value: markedValue(mark) }], client);
  }

  swap(client: string, from: number | undefined, mark: number): Recorded {
    const expected = from === undefined ? undefined : markedValue(from);
    const touch = { key: 'k', kind: 'compare-and-set', value: markedValue(mark), expected } as const;
    return this.history.begin('set k', mark, [touch], client);
  }

  /** Carried out now, at the next revision. */
  done(recorded: Recorded, succeeded = true): void {
    const revision = succeeded ? this.history.put('k', recorded.mark) : this.history.reference.revision;
    const what = recorded.touches[0]!.kind === 'write' ? 'put' : `${succeeded} put`;
    this.history.operations.answered(recorded, `revision ${revision}: ${what}`);
  }

  lost(recorded: Recorded): void {
    this.history.operations.failed(recorded, new CoreError('timed-out', 'no answer', { outcome: 'unknown' }));
  }

  judged(): string[] {
    const { operations, reference, violations } = this.history;
    checkLinearizability(operations.all, reference, violations);
    return this.history.found;
  }
}

describe('a history is linearizable', () => {
  test('when reads find the last write', () => {
    const key = new Register();
    key.found(key.read('a'), undefined);
    key.done(key.write('a', 1));
    key.found(key.read('b'), 1);
    expect(key.judged()).toEqual([]);
  });

  test('when a read meets a write and finds either value', () => {
    const key = new Register();
    const [old, fresh] = [key.read('b'), key.read('c')];
    key.done(key.write('a', 1));
    key.found(old, undefined);
    key.found(fresh, 1);
    expect(key.judged()).toEqual([]);
  });

  test('when a write without an answer was carried out and somebody has found it', () => {
    const key = new Register();
    const lost = key.write('a', 1);
    key.lost(lost);
    key.history.put('k', 1);
    key.found(key.read('b'), 1);
    expect(key.judged()).toEqual([]);
  });

  test('when many write at once, in whatever order: their revisions tell it, and nothing need be searched for', () => {
    const key = new Register();
    const writes = Array.from({ length: 40 }, (_, i) => key.write(`w${i}`, i + 1));
    for (const write of [...writes].reverse()) key.done(write);
    key.found(key.read('a'), 1);
    expect(key.judged()).toEqual([]);
  });

  test('when one of two that compare and set succeeds', () => {
    const key = new Register();
    const [first, second] = [key.swap('a', undefined, 1), key.swap('b', undefined, 2)];
    key.done(first);
    key.done(second, false);
    expect(key.judged()).toEqual([]);
  });
});

describe('a history is not linearizable', () => {
  test('when a read finds what had been overwritten before it began', () => {
    const key = new Register();
    key.done(key.write('a', 1));
    key.done(key.write('a', 2));
    key.found(key.read('b'), 1);
    expect(key.judged()).toEqual(['linearizability']);
  });

  test('when a later read finds the older value', () => {
    const key = new Register();
    const write = key.write('a', 1);
    key.found(key.read('b'), 1);
    key.found(key.read('c'), undefined);
    key.done(write);
    expect(key.judged()).toEqual(['linearizability']);
  });

  test('when a read finds what nobody has written', () => {
    const key = new Register();
    key.found(key.read('a'), 9);
    expect(key.judged()).toEqual(['linearizability']);
  });

  test('when both of two that compare and set succeed', () => {
    const key = new Register();
    const [first, second] = [key.swap('a', undefined, 1), key.swap('b', undefined, 2)];
    key.done(first);
    key.done(second);
    expect(key.judged()).toEqual(['linearizability']);
  });

  test('when a write without an answer is in no log, and yet somebody has found it', () => {
    const key = new Register();
    key.lost(key.write('a', 1));
    key.found(key.read('b'), 1);
    expect(key.judged()).toEqual(['linearizability']);
  });
});
