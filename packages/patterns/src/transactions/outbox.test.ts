import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import {
  Outbox,
  OutboxRelay,
  type OutboxRelayEffect,
  type OutboxRelayInput,
  type OutboxRelayOptions,
} from './index.ts';

const shown = (outbox: Outbox<string>): string =>
  outbox
    .after(0, 100)
    .map(({ position, key, message }) => `${position}${key}:${message}`)
    .join(' ');

describe('an outbox', () => {
  test('keeps messages until everything up to them is acknowledged', () => {
    const outbox = new Outbox<string>();
    for (const [key, message] of [
      ['a', 'x'],
      ['b', 'y'],
      ['a', 'z'],
    ] as const)
      outbox.append(key, message);
    expect([shown(outbox), outbox.after(1, 1).map(({ id }) => id)]).toEqual(['1a:x 2b:y 3a:z', [2]]);
    outbox.acknowledge(2);
    outbox.acknowledge(1);
    expect([shown(outbox), outbox.acknowledgedTo]).toEqual(['3a:z', 2]);
    expect(() => outbox.acknowledge(4)).toThrow(/only what was stored/);
  });
  test('refuses what it has no room for, so that the transaction does not commit', () => {
    const outbox = new Outbox<string>({ entriesMax: 2 });
    expect([1, 2, 3].map((i) => outbox.append('a', `${i}`)?.position)).toEqual([1, 2, undefined]);
    outbox.acknowledge(1);
    expect(outbox.append('a', '3')?.position).toBe(3);
    expect(() => new Outbox({ entriesMax: 0 })).toThrow(/entriesMax/);
    expect(() => new Outbox({ parkedMax: -1 })).toThrow(/parkedMax/);
  });
  test('a key that is held sets aside what comes later, and gives all of it back in order, under the same ids', () => {
    const outbox = new Outbox<string>({ entriesMax: 3, parkedMax: 1 });
    for (const message of ['1', '2']) outbox.append('a', message);
    outbox.append('b', '3');
    expect([outbox.park(1, true, 'why'), shown(outbox), outbox.parkedSize]).toEqual([true, '3b:3', 2]);
    expect(outbox.append('a', '4')?.position).toBe(4);
    expect(outbox.append('a', '5')).toBeUndefined();
    expect([outbox.park(3, true, 'no room'), outbox.park(99, true, 'gone')]).toEqual([false, false]);
    expect(outbox.parked.get('a')).toMatchObject({
      why: 'why',
      isHeld: true,
      entries: [{ id: 1 }, { id: 2 }, { id: 4 }],
    });
    expect([outbox.unpark('a'), outbox.unpark('a')]).toEqual([3, 0]);
    expect([shown(outbox), outbox.after(4, 1)[0]?.id, outbox.parkedSize]).toEqual(['3b:3 5a:1 6a:2 7a:4', 1, 0]);
  });
  test('a message parked alone leaves its key alone; what is parked can be given up', () => {
    const outbox = new Outbox<string>();
    for (const message of ['1', '2']) outbox.append('a', message);
    outbox.park(1, false, '');
    outbox.append('a', '3');
    expect(shown(outbox)).toBe('2a:2 3a:3');
    expect([outbox.discardParked('a'), outbox.discardParked('a'), outbox.parkedSize]).toEqual([1, 0, 0]);
  });
  test('goes on from a snapshot as the original does', () => {
    const outbox = new Outbox<string>();
    for (const key of ['a', 'b', 'a', 'c']) outbox.append(key, key);
    outbox.acknowledge(2);
    outbox.park(3, true, '');
    const copy = new Outbox<string>();
    copy.load(outbox.freeze());
    for (const each of [outbox, copy]) each.append('a', 'held');
    expect(copy.freeze()).toEqual(outbox.freeze());
    expect([copy.parkedSize, copy.unpark('a')]).toEqual([2, 2]);
    expect(() => copy.load(outbox.freeze())).toThrow(/empty/);
  });
});

class Bench {
  readonly outbox = new Outbox<string>({ parkedMax: 2 });
  readonly relay: OutboxRelay<string>;
  readonly log: string[] = [];

  constructor(options: Partial<OutboxRelayOptions> = {}) {
    const delayMs = (attempt: number): number => attempt * 10;
    this.relay = new OutboxRelay({ sendMs: 100, attemptsMax: 2, delayMs, ...options });
  }

  put(...messages: string[]): void {
    for (const text of messages) this.outbox.append(text[0]!, text);
  }

  at(ms: number, input: OutboxRelayInput<string>): this {
    const out: OutboxRelayEffect<string>[] = [];
    this.relay.step(input, Instant.of(ms), out);
    for (const effect of out) {
      if (effect.kind === 'send') this.log.push(effect.entry.message);
      else if (effect.kind === 'read')
        this.at(ms, { kind: 'entries', entries: this.outbox.after(effect.after, effect.limit) });
      else if (effect.kind === 'acknowledge') this.outbox.acknowledge(effect.position);
      else {
        const { position, holdsKey, why } = effect;
        this.log.push(`park ${position}`);
        this.at(ms, { kind: 'parked', position, isDone: this.outbox.park(position, holdsKey, why) });
      }
    }
    return this;
  }

  start(ms: number = 0): this {
    return this.at(ms, { kind: 'start', acknowledgedTo: this.outbox.acknowledgedTo });
  }

  delivered(ms: number, position: number): this {
    return this.at(ms, { kind: 'delivered', position });
  }

  failed(ms: number, position: number, isPoison = false): this {
    return this.at(ms, { kind: 'failed', position, isPoison, why: 'no' });
  }

  get sent(): string {
    return this.log.splice(0).join(' ');
  }
}

describe('a relay', () => {
  test('sends messages of different keys beside each other, and those of one key one after the other', () => {
    const bench = new Bench();
    bench.put('a1', 'a2', 'b1');
    expect(bench.start().sent).toBe('a1 b1');
    expect([bench.delivered(1, 3).sent, bench.outbox.acknowledgedTo]).toEqual(['', 0]);
    expect([bench.delivered(2, 1).sent, bench.outbox.acknowledgedTo]).toEqual(['a2', 1]);
    bench.delivered(3, 2);
    expect([bench.outbox.acknowledgedTo, bench.outbox.size, bench.relay.deadline]).toEqual([3, 0, undefined]);
  });
  test('sends again after a failure, later each time, and when no answer comes', () => {
    const bench = new Bench({ attemptsMax: 9 });
    bench.put('a1');
    bench.start();
    bench.failed(5, 1);
    expect([bench.relay.deadline, bench.at(14, { kind: 'tick' }).sent]).toEqual([15, 'a1']);
    expect(bench.at(15, { kind: 'tick' }).sent).toBe('a1');
    expect(bench.at(115, { kind: 'tick' }).relay.deadline).toBe(135);
    expect(bench.at(135, { kind: 'tick' }).sent).toBe('a1');
    expect(new OutboxRelay({ sendMs: 1 }).deadline).toBeUndefined();
  });
  test('takes a late answer for what it is: delivered', () => {
    const bench = new Bench();
    bench.put('a1', 'a2');
    bench.start();
    bench.at(100, { kind: 'tick' });
    bench.log.length = 0;
    expect([bench.delivered(101, 1).sent, bench.relay.acknowledgedTo]).toEqual(['a2', 1]);
    expect(bench.at(110, { kind: 'tick' }).sent).toBe('');
    expect(bench.delivered(111, 1).failed(112, 1).delivered(112, 77).sent).toBe('');
  });
  test('parks a message that fails too often, or is poison, and holds its key; others go on', () => {
    const bench = new Bench();
    bench.put('a1', 'b1', 'a2', 'b2');
    bench.start();
    bench.failed(0, 1).at(10, { kind: 'tick' });
    bench.log.length = 0;
    expect(bench.failed(11, 1).delivered(12, 2).sent).toBe('park 1 b2');
    bench.put('a3');
    bench.at(13, { kind: 'stored' });
    expect([bench.sent, bench.outbox.acknowledgedTo]).toEqual(['', 3]);
    bench.outbox.unpark('a');
    expect(bench.at(14, { kind: 'stored' }).sent).toBe('a1');
    expect(bench.delivered(15, 6).sent).toBe('a2');
    expect(new Bench().start().at(0, { kind: 'stored' }).sent).toBe('');
  });
  test('told to skip, parks the message alone', () => {
    const bench = new Bench({ whenPoisoned: 'skip' });
    bench.put('a1', 'a2');
    expect(bench.start().failed(0, 1, true).sent).toBe('a1 park 1 a2');
    expect([bench.delivered(1, 2).outbox.acknowledgedTo, bench.outbox.parkedSize]).toEqual([2, 1]);
  });
  test('loses nothing when there is no room to park: the key waits, and is tried again', () => {
    const bench = new Bench({ attemptsMax: 1 });
    bench.put('a1', 'b1', 'c1', 'c2');
    bench.start();
    expect(bench.failed(0, 1).failed(0, 2).failed(0, 3).sent).toBe('a1 b1 c1 park 1 park 2 park 3');
    expect([bench.outbox.parkedSize, bench.relay.deadline]).toEqual([2, 10]);
    expect(bench.at(10, { kind: 'tick' }).sent).toBe('c1');
    expect(bench.delivered(11, 3).sent).toBe('c2');
  });
  test('sends no more at once, and reads no further ahead, than it may', () => {
    const bench = new Bench({ sendingMax: 2, aheadMax: 3 });
    bench.put('a1', 'b1', 'c1', 'd1', 'e1');
    expect(bench.start().sent).toBe('a1 b1');
    expect([bench.delivered(1, 2).sent, bench.delivered(1, 3).sent, bench.delivered(1, 1).sent]).toEqual([
      'c1',
      '',
      'd1 e1',
    ]);
  });
  test('does not send what a read brings that was under way while its key was parked', () => {
    const bench = new Bench();
    const relay = new OutboxRelay<string>({ sendMs: 100, aheadMax: 3 });
    const step = (input: OutboxRelayInput<string>): string[] => {
      const out: OutboxRelayEffect<string>[] = [];
      relay.step(input, Instant.of(0), out);
      return out.map((effect) => (effect.kind === 'send' ? effect.entry.message : effect.kind));
    };
    bench.put('a1');
    step({ kind: 'start', acknowledgedTo: 0 });
    expect(step({ kind: 'entries', entries: bench.outbox.after(0, 3) })).toEqual(['a1', 'read']);
    bench.put('a2', 'b1');
    const underWay = bench.outbox.after(1, 2);
    step({ kind: 'failed', position: 1, isPoison: true, why: '' });
    bench.outbox.park(1, true, '');
    expect(step({ kind: 'parked', position: 1, isDone: true })).toEqual(['acknowledge']);
    expect(step({ kind: 'entries', entries: underWay })).toEqual(['read']);
    expect(step({ kind: 'entries', entries: bench.outbox.after(1, 2) })).toEqual(['b1', 'read']);
  });
  test('is started once, and its options are checked', () => {
    const bench = new Bench();
    expect(() => bench.at(0, { kind: 'tick' })).toThrow(/started/);
    expect(() => bench.start().start()).toThrow(/started/);
    for (const option of ['sendMs', 'sendingMax', 'aheadMax', 'attemptsMax'])
      expect(() => new Bench({ [option]: 0 })).toThrow(new RegExp(option));
  });
});

test('whatever fails and in whatever order answers come: messages of a key arrive first in their order, and all are settled', () => {
  const event = fc.record({
    kind: fc.constantFrom('put', 'put', 'put', 'answer', 'answer', 'answer', 'fail', 'poison', 'tick', 'unpark'),
    key: fc.constantFrom('a', 'b', 'c'),
    pick: fc.nat(10),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      const bench = new Bench({ sendingMax: 2, aheadMax: 4, attemptsMax: 3 });
      const first: string[] = [];
      const stored: string[] = [];
      let [now, next] = [0, 0];
      const under = new Map<number, string>();
      const run = (input: OutboxRelayInput<string>): void => {
        bench.at(now, input);
        for (const text of bench.log.splice(0)) {
          if (text.startsWith('park')) continue;
          if (!first.includes(text)) first.push(text);
        }
      };
      bench.start();
      for (const { kind, key, pick } of events) {
        under.clear();
        for (const { position, message } of bench.outbox.after(bench.relay.acknowledgedTo, 4))
          under.set(position, message);
        const position = [...under.keys()][pick % Math.max(1, under.size)] ?? 0;
        if (kind === 'put') {
          stored.push(`${key}${next}`);
          bench.put(`${key}${next++}`);
          run({ kind: 'stored' });
        } else if (kind === 'answer') run({ kind: 'delivered', position });
        else if (kind === 'fail' || kind === 'poison')
          run({ kind: 'failed', position, isPoison: kind === 'poison', why: '' });
        else if (kind === 'unpark') {
          bench.outbox.unpark(key);
          run({ kind: 'stored' });
        } else {
          now += 50;
          run({ kind: 'tick' });
        }
      }
      for (const key of ['a', 'b', 'c']) bench.outbox.unpark(key);
      run({ kind: 'stored' });
      for (let turn = 0; turn < 300 && bench.outbox.size > 0; turn++) {
        now += 50;
        run({ kind: 'tick' });
        for (const { position } of bench.outbox.after(0, 4)) run({ kind: 'delivered', position });
      }
      expect([bench.outbox.size, first.toSorted()]).toEqual([0, stored.toSorted()]);
      for (const key of ['a', 'b', 'c'])
        expect(first.filter((text) => text.startsWith(key))).toEqual(stored.filter((text) => text.startsWith(key)));
    }),
    { numRuns: 300 },
  );
});
