/** The administrator alone, whose questions are answered by hand. */
import { describe, expect, test } from 'vitest';
import { Deferred, FakeTime, settle } from '../../../resilience/world.fixture.ts';
import { type Ballot, NodeId } from '../ballot.ts';
import { majorityConfiguration } from './configuration.ts';
import { growthSteps } from './membership-change.ts';
import { showRegisterMessage } from './messages.fixture.ts';
import { RegisterAdministrator } from './register-administrator.ts';
import { ballotOf as b } from './solo.fixture.ts';

const [one, two, acceptor] = [1, 2, 11].map(NodeId.of) as [NodeId, NodeId, NodeId];
const tombstone = { key: 'x', ballot: b(1) };
const steps = growthSteps(majorityConfiguration(1, [acceptor]), NodeId.of(12));

class Alone {
  readonly time = new FakeTime();
  sending: () => void = () => {};
  #sent: string[] = [];
  readonly administrator = new RegisterAdministrator({
    proposers: [one, two],
    time: this.time,
    send: (to, message) => {
      this.#sent.push(`>${to} ${showRegisterMessage(message)}`);
      this.sending();
    },
  });

  /** What was sent since this was last asked. */
  get sent(): string[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }
}

describe('a collection', () => {
  test('asks again those who are silent, with one timer, and with none while it sweeps and when it has ended', async () => {
    const it = new Alone();
    const swept = new Deferred<Ballot | undefined>();
    const collected = it.administrator.collect([tombstone], [acceptor], () => swept.promise);
    await settle();
    expect(it.time.pending).toBe(0);
    swept.resolve(b(3));
    await settle();
    expect(it.sent).toEqual(['>1 outdate beyond round 3', '>2 outdate beyond round 3']);
    it.administrator.receive(one, { kind: 'outdated', run: '3.1', age: 1 });
    expect(it.time.pending).toBe(1);
    await it.time.advance(500);
    expect(it.sent).toEqual(['>2 outdate beyond round 3']);
    await it.time.advance(500);
    expect(it.sent).toEqual(['>2 outdate beyond round 3']);
    it.administrator.receive(two, { kind: 'outdated', run: '3.1', age: 1 });
    it.administrator.receive(acceptor, { kind: 'ages-required', run: '3.1' });
    it.administrator.receive(acceptor, { kind: 'erased', run: '3.1', kept: [] });
    expect(await collected).toEqual({ erased: ['x'], kept: [] });
    expect([it.time.pending, it.administrator.isBusy]).toEqual([0, false]);
  });

  test('that was stopped while it waited leaves no timer behind', async () => {
    const it = new Alone();
    const collected = it.administrator.collect([tombstone], [acceptor], async () => b(3));
    await settle();
    expect(it.time.pending).toBe(1);
    it.administrator[Symbol.dispose]();
    await expect(collected).rejects.toThrow('closed');
    expect(it.time.pending).toBe(0);
  });

  test('that was stopped while it sent leaves no timer behind', async () => {
    const it = new Alone();
    it.sending = () => it.administrator[Symbol.dispose]();
    await expect(it.administrator.collect([tombstone], [acceptor], async () => b(3))).rejects.toThrow('closed');
    expect(it.time.pending).toBe(0);
  });

  test('does not take the sweep of one that was stopped for its own, and nor does nobody', async () => {
    const it = new Alone();
    const [first, second] = [new Deferred<Ballot | undefined>(), new Deferred<Ballot | undefined>()];
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const begin = (sweep: Deferred<Ballot | undefined>): void => {
      const stopped = it.administrator.collect([tombstone], [acceptor], () => sweep.promise);
      stopped.catch(() => {});
    };
    begin(first);
    it.administrator[Symbol.dispose]();
    begin(second);
    first.resolve(b(3));
    await settle();
    expect(it.sent).toEqual([]);
    it.administrator[Symbol.dispose]();
    second.resolve(b(3));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});

test('a rescan that fails after its change was stopped does not stop the next', async () => {
  const it = new Alone();
  const rescan = new Deferred<void>();
  const first = it.administrator.changeAcceptors(steps, () => rescan.promise);
  for (const from of [one, two]) it.administrator.receive(from, { kind: 'configured', version: 2 });
  it.administrator[Symbol.dispose]();
  await expect(first).rejects.toThrow('closed');
  const second = it.administrator.changeAcceptors(steps, async () => {});
  rescan.reject(new Error('too late'));
  await settle();
  expect(it.administrator.isBusy).toBe(true);
  for (const from of [one, two]) it.administrator.receive(from, { kind: 'configured', version: 2 });
  await settle();
  for (const from of [one, two]) it.administrator.receive(from, { kind: 'configured', version: 3 });
  await second;
});
