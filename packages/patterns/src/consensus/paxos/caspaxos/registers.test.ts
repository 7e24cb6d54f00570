import { describe, expect, test } from 'vitest';
import { Instant } from '../../../base/index.ts';
import { seeded } from '../../../detection/random.fixture.ts';
import { FakeTime, settle } from '../../../resilience/world.fixture.ts';
import { type Accepted, type Ballot, NodeId } from '../ballot.ts';
import { majorityConfiguration } from './configuration.ts';
import type { Held } from './held.ts';
import { growthSteps } from './membership-change.ts';
import type { RegisterAnswer, RegisterRequest } from './messages.ts';
import { RegisterAcceptor, type RegisterAcceptorEffect, type RegisterWrite } from './register-acceptor.ts';
import { RegisterAdministrator } from './register-administrator.ts';
import { newRegisterProposer } from './register-proposer.ts';
import { RegisterServer } from './register-server.ts';
import type { RegisterProposerRecord } from './register-types.ts';
import { Registers, type RegistersOptions } from './registers.ts';
import { ballotOf as b } from './solo.fixture.ts';
import { registerAcceptorIds } from './world.fixture.ts';

const ids = registerAcceptorIds(4);
const members = ids.slice(0, 3);
const administrator = NodeId.of(50);

/** Two proposers, three servers and one that may be added, with disks and a network that can be held up. */
class Cluster {
  readonly time = new FakeTime();
  readonly servers: readonly RegisterServer<number>[];
  readonly proposers: readonly Registers<number>[];
  readonly down = new Set<NodeId>();
  readonly saved: RegisterProposerRecord[] = [];
  readonly written: (readonly RegisterWrite<number>[])[] = [];
  sent = 0;
  save: () => Promise<void> = async () => {};
  write: () => Promise<void> = async () => {};

  constructor(options: Partial<RegistersOptions<number>> = {}) {
    this.servers = ids.map(
      (id) =>
        new RegisterServer<number>({
          write: async (batch) => {
            await this.write();
            this.written.push(batch);
          },
          send: (to, message) =>
            this.#later(() => {
              if (to === administrator) this.administrator.receive(id, message as never);
              else this.proposers[to - 1]!.receive(id, message as never);
            }),
          failed: () => {},
        }),
    );
    this.proposers = [1, 2].map((id) => {
      const self = NodeId.of(id);
      return new Registers<number>({
        self,
        random: seeded(id),
        time: this.time,
        record: newRegisterProposer(majorityConfiguration(1, members)),
        save: async (record) => {
          await this.save();
          this.saved.push(record);
        },
        send: (to, message) => {
          this.sent += 1;
          if (to === administrator) this.#later(() => this.administrator.receive(self, message as never));
          else if (!this.down.has(to))
            this.#later(() => this.servers[ids.indexOf(to)]!.receive(self, message as never));
        },
        ...options,
      });
    });
  }

  readonly administrator: RegisterAdministrator = new RegisterAdministrator({
    proposers: [1, 2].map(NodeId.of),
    time: this.time,
    send: (to, message) => {
      if (this.down.has(to)) return;
      this.#later(() => {
        const server = this.servers[ids.indexOf(to)];
        if (server === undefined) this.proposers[to - 1]!.receive(administrator, message as never);
        else server.receive(administrator, message as never);
      });
    },
  });

  /** Lets time pass until the promise has ended. */
  async ends<Value>(promise: Promise<Value>): Promise<Value> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    promise.then(over, over);
    for (let ms = 0; !isOver && ms < 20_000; ms += 10) await this.time.advance(10);
    return promise;
  }

  #later(run: () => void): void {
    void Promise.resolve().then(run);
  }
}

const increment = (current: number | undefined): number => (current ?? 0) + 1;

describe('registers', () => {
  test('are changed, read and deleted by any proposer', async () => {
    const cluster = new Cluster();
    const [one, two] = cluster.proposers as [Registers<number>, Registers<number>];
    expect(await cluster.ends(one.read('x'))).toBeUndefined();
    expect(await cluster.ends(one.change('x', increment))).toBe(1);
    expect(await cluster.ends(two.change('x', increment))).toBe(2);
    expect(await cluster.ends(one.change('x', increment))).toBe(3);
    expect(await cluster.ends(two.read('x'))).toBe(3);
    expect(await cluster.ends(two.delete('x'))).toMatchObject({ key: 'x', ballot: { node: 2 } });
    expect(await cluster.ends(one.read('x'))).toBeUndefined();
  });

  test('decide once', async () => {
    const cluster = new Cluster();
    const [one, two] = cluster.proposers as [Registers<number>, Registers<number>];
    expect(await cluster.ends(Promise.all([one.decideOnce('x', 10), one.decideOnce('x', 20)]))).toEqual([10, 10]);
    expect(await cluster.ends(two.decideOnce('x', 30))).toBe(10);
  });

  test('add up what many change at once, at both proposers', async () => {
    const cluster = new Cluster();
    const calls = Array.from({ length: 20 }, (_, at) => cluster.proposers[at % 2]!.change('x', increment));
    const ended = Promise.allSettled(calls);
    await cluster.time.advance(60_000);
    const results = await ended;
    const values = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(new Set(values).size).toBe(values.length);
    const total = await cluster.proposers[0]!.read('x');
    expect(total).toBeGreaterThanOrEqual(values.length);
    expect(total).toBeLessThanOrEqual(20);
  });

  test('take one round trip when the same proposer changes them again', async () => {
    const cluster = new Cluster();
    await cluster.proposers[0]!.change('x', increment);
    const before = cluster.sent;
    await cluster.proposers[0]!.change('x', increment);
    expect(cluster.sent - before).toBe(3);
  });

  test('keep what they hold when the function throws, and the caller hears of it', async () => {
    const [one] = new Cluster().proposers as [Registers<number>];
    await one.change('x', increment);
    const failing = (): number => {
      throw new TypeError('no');
    };
    await expect(one.change('x', failing)).rejects.toThrow(TypeError);
    expect(await one.read('x')).toBe(1);
  });

  test('wait for disks: nothing is sent before a round is reserved, nothing is answered before it is written', async () => {
    const cluster = new Cluster();
    let release = (): void => {};
    cluster.save = () =>
      new Promise<void>((resolve) => {
        release = resolve;
      });
    const call = cluster.proposers[0]!.change('x', increment);
    await settle();
    expect(cluster.sent).toBe(0);
    cluster.write = () => new Promise<void>(() => {});
    release();
    await settle();
    expect(cluster.sent).toBe(3);
    expect(cluster.proposers[0]!.configuration.version).toBe(1);
    const ended = expect(call).rejects.toMatchObject({ code: 'timed-out', outcome: 'not-applied', retryable: true });
    await cluster.time.advance(10_000);
    await ended;
  });

  test('fail for good when the record cannot be saved', async () => {
    const cluster = new Cluster();
    cluster.save = () => Promise.reject(new Error('no space'));
    const failure = { code: 'disk-failed', outcome: 'unknown', retryable: false };
    await expect(cluster.proposers[0]!.change('x', increment)).rejects.toMatchObject(failure);
    await expect(cluster.proposers[0]!.read('x')).rejects.toMatchObject(failure);
    expect(cluster.sent).toBe(0);
  });

  test('save the latest record of a batch, which says it all', async () => {
    const cluster = new Cluster({ roundsPerWrite: 1 });
    await cluster.proposers[0]!.change('w', increment);
    await Promise.all(['x', 'y', 'z'].map((key) => cluster.proposers[0]!.change(key, increment)));
    expect(cluster.saved.map(({ reservedRound }) => reservedRound)).toEqual([1, 2, 5, 8]);
  });

  test('end their calls when they are closed', async () => {
    const cluster = new Cluster();
    for (const id of ids) cluster.down.add(id);
    const call = cluster.proposers[0]!.read('x');
    cluster.proposers[0]![Symbol.dispose]();
    await expect(call).rejects.toMatchObject({ code: 'closed', outcome: 'unknown' });
    expect(cluster.time.pending).toBe(0);
    await expect(cluster.proposers[0]!.change('x', increment)).rejects.toMatchObject({ code: 'closed' });
  });

  test('go on with a minority down, and not with a majority', async () => {
    const cluster = new Cluster();
    cluster.down.add(ids[0]!);
    expect(await cluster.proposers[0]!.change('x', increment)).toBe(1);
    cluster.down.add(ids[1]!);
    const ended = expect(cluster.proposers[0]!.change('x', increment)).rejects.toMatchObject({
      code: 'timed-out',
      outcome: 'unknown',
    });
    await cluster.time.advance(10_000);
    await ended;
  });

  test('are erased by a collection, from every server, unless they are in use again', async () => {
    const cluster = new Cluster();
    const [one, two] = cluster.proposers as [Registers<number>, Registers<number>];
    await one.change('x', increment);
    await one.change('y', increment);
    const tombstones = [await one.delete('x'), await one.delete('y')];
    await cluster.ends(two.change('y', increment));
    expect([...cluster.servers[0]!.keys()]).toEqual(['x', 'y']);
    const collecting = cluster.administrator.collect(tombstones, members, (key) => one.rewrite(key, 'everywhere'));
    expect(() => cluster.administrator.collect(tombstones, members, async () => undefined)).toThrow(/under way/);
    expect(await cluster.ends(collecting)).toEqual({ erased: ['x'], kept: ['y'] });
    for (const server of cluster.servers.slice(0, 3)) expect([...server.keys()]).toEqual(['y']);
    expect(await cluster.ends(one.read('y'))).toBe(1);
    expect(await cluster.ends(one.change('x', increment))).toBe(1);
    expect(cluster.administrator.isBusy).toBe(false);
    expect(cluster.time.pending).toBe(0);
    // What comes now belongs to a collection that has ended, and there is nothing to stop.
    cluster.administrator.receive(members[0]!, { kind: 'ages-required', run: '1.1' });
    cluster.administrator[Symbol.dispose]();
    expect(cluster.administrator.isBusy).toBe(false);
  });

  test('are not erased while a server is away, nor lost', async () => {
    const cluster = new Cluster();
    const [one] = cluster.proposers as [Registers<number>];
    const tombstone = await one.delete('x');
    cluster.down.add(ids[2]!);
    const collected = cluster.administrator.collect([tombstone], members, (key) => one.rewrite(key, 'everywhere'));
    expect(await cluster.ends(collected)).toEqual({ erased: [], kept: ['x'] });
    expect(await cluster.administrator.collect([], members, async () => undefined)).toEqual({ erased: [], kept: [] });
  });

  test('are on a fourth server once it was added and all was rescanned', async () => {
    const cluster = new Cluster();
    const [one, two] = cluster.proposers as [Registers<number>, Registers<number>];
    await one.change('x', increment);
    const rescan = async (): Promise<void> => {
      for (const key of cluster.servers[0]!.keys()) await two.rewrite(key, 'quorum');
    };
    await cluster.ends(cluster.administrator.changeAcceptors(growthSteps(one.configuration, ids[3]!), rescan));
    expect(one.configuration).toEqual(two.configuration);
    expect([...cluster.servers[3]!.keys()]).toEqual(['x']);
    cluster.down.add(ids[0]!);
    expect(await cluster.ends(one.change('x', increment))).toBe(2);
  });

  test('go on as before when a rescan fails', async () => {
    const cluster = new Cluster();
    const [one] = cluster.proposers as [Registers<number>];
    const steps = growthSteps(one.configuration, ids[3]!);
    const failing = cluster.administrator.changeAcceptors(steps, () => Promise.reject(new Error('later')));
    await expect(cluster.ends(failing)).rejects.toThrow('later');
    expect(await cluster.ends(one.change('x', increment))).toBe(1);
    cluster.down.add(NodeId.of(1));
    const waiting = cluster.administrator.changeAcceptors(steps, async () => {});
    cluster.administrator[Symbol.dispose]();
    await expect(waiting).rejects.toThrow('closed');
    expect(cluster.administrator.isBusy).toBe(false);
  });
});

/** One proposer, whose acceptors are played by hand. */
class Alone {
  readonly time = new FakeTime();
  readonly sent: RegisterRequest<number>[] = [];
  readonly registers: Registers<number>;

  constructor(draw = 0) {
    this.registers = new Registers<number>({
      self: NodeId.of(1),
      random: () => draw,
      time: this.time,
      record: newRegisterProposer(majorityConfiguration(1, members)),
      save: async () => {},
      oneRoundTrip: false,
      send: (_, message) => this.sent.push(message as RegisterRequest<number>),
    });
  }

  /** Begins a read, and returns the id under which it asks. */
  ask(): { readonly read: Promise<number | undefined>; readonly id: number } {
    const read = this.registers.read('x');
    return { read, id: (this.sent.at(-1) as Extract<RegisterRequest<number>, { readonly kind: 'query' }>).id };
  }

  answer(id: number, accepted: Accepted<Held<number>> | undefined): void {
    for (const from of members) this.registers.receive(from, { kind: 'queried', key: 'x', id, accepted });
  }

  promise(round: number, ...told: readonly (Accepted<Held<number>> | undefined)[]): void {
    for (const [at, accepted] of told.entries())
      this.registers.receive(ids[at]!, { kind: 'promise', key: 'x', ballot: b(round), accepted });
  }

  /** All refuse; the next ballot is above `promised`. */
  async reject(round: number, promised: Ballot): Promise<void> {
    for (const id of members)
      this.registers.receive(id, { kind: 'rejected', key: 'x', ballot: b(round), why: 'outbid', promised });
    await this.time.advance(1_000);
  }

  accepted(round: number): void {
    for (const id of members) this.registers.receive(id, { kind: 'accepted', key: 'x', ballot: b(round) });
  }
}

describe('a function that throws at one reading and not at another', () => {
  const told = (ballot: Ballot, value: number, marks: readonly Ballot[]): Accepted<Held<number>> => ({
    ballot,
    value: { value, marks },
  });
  const story = async (change: (current: number | undefined) => number): Promise<number | undefined> => {
    const alone = new Alone();
    const call = alone.registers.change('x', change);
    alone.promise(1, undefined, undefined);
    await alone.reject(1, b(4, 2));
    alone.promise(5, undefined, told(b(4, 2), 7, [b(4, 2)]));
    await alone.reject(5, b(8, 3));
    // Somebody has found what the first reading led to, and gone on from it.
    alone.promise(9, told(b(8, 3), 2, [b(1), b(8, 3)]), undefined);
    alone.accepted(9);
    return call;
  };

  test('has changed the register when it did at the reading that counted', async () => {
    const call = story((current) => {
      if (current !== undefined) throw new TypeError('no');
      return 1;
    });
    expect(await call).toBe(1);
  });

  test('is heard of when it threw at the reading that counted', async () => {
    const call = story((current) => {
      if (current === undefined) throw new TypeError('no');
      return 1;
    });
    await expect(call).rejects.toThrow(TypeError);
  });
});

test('calls from within a change are made in their order', async () => {
  const alone = new Cluster().proposers[0]!;
  const calls: Promise<number | undefined>[] = [];
  await alone.change('x', () => {
    for (const digit of [1, 2]) calls.push(alone.change('y', (current) => (current ?? 0) * 10 + digit));
    return 0;
  });
  expect(await Promise.all(calls)).toEqual([1, 12]);
});

test('with a transport that answers at once, thousands of calls that wait for each other end', async () => {
  const out: RegisterAcceptorEffect<number>[] = [];
  const acceptor = new RegisterAcceptor<number>();
  const registers: Registers<number> = new Registers<number>({
    self: NodeId.of(1),
    random: () => 0,
    time: new FakeTime(),
    record: newRegisterProposer(majorityConfiguration(1, members.slice(0, 1))),
    roundsPerWrite: 10_000,
    save: async () => {},
    send: (to, message) => {
      acceptor.step(
        { kind: 'message', from: NodeId.of(1), message: message as RegisterRequest<number> },
        Instant.of(0),
        out,
      );
      for (const effect of out.splice(0))
        if (effect.kind === 'send') registers.receive(to, effect.message as RegisterAnswer<number>);
    },
  });
  const results = await Promise.all(Array.from({ length: 4_000 }, () => registers.change('x', increment)));
  expect(results.at(-1)).toBe(4_000);
});

describe('the id of a read', () => {
  test('is none of before a restart: a late answer to that one would be a stale read', async () => {
    const [before, after] = [new Alone(0.25), new Alone(0.75)];
    const { id: old } = before.ask();
    const { read, id } = after.ask();
    after.answer(old, undefined);
    after.answer(id, { ballot: b(1, 2), value: { value: 7, marks: [] } });
    expect(await read).toBe(7);
  });

  test('is one of 2 ** 20 that belong to a life, which is drawn from 2 ** 32', () => {
    const first = [0, 2 ** -32, 0.5, 1 - 2 ** -32].map((draw) => new Alone(draw).ask().id);
    expect(first).toEqual([1, 2 ** 20 + 1, 2 ** 51 + 1, 2 ** 52 - 2 ** 20 + 1]);
  });
});

test('registers have one timer, which is set anew when something else is due first, and when nothing is', async () => {
  const alone = new Alone();
  const { time, registers } = alone;
  const read = registers.read('x');
  expect([time.pending, time.armings]).toEqual([1, 1]);
  const other = registers.read('y');
  expect([time.pending, time.armings]).toEqual([1, 1]);
  await time.advance(100);
  expect(alone.sent.map((message) => (message.kind === 'query' ? message.key : message.kind))).toEqual(
    ['x', 'y', 'x', 'y'].flatMap((key) => [key, key, key]),
  );
  expect([time.pending, time.armings]).toEqual([1, 2]);
  for (const [at, key] of ['x', 'y'].entries())
    for (const from of members.slice(0, 2))
      registers.receive(from, { kind: 'queried', key, id: at + 1, accepted: undefined });
  expect(await Promise.all([read, other])).toEqual([undefined, undefined]);
  expect(time.pending).toBe(0);
  registers[Symbol.dispose]();
  registers[Symbol.dispose]();
});

test('a timer that fires too early is set again', () => {
  const armed: { readonly at: number; readonly run: () => void }[] = [];
  const registers = new Registers<number>({
    self: NodeId.of(1),
    random: () => 0,
    time: {
      clock: { monotonic: () => Instant.of(0) },
      timers: {
        at: (at, run) => {
          armed.push({ at, run });
          return { [Symbol.dispose]: () => {} };
        },
      },
    },
    record: newRegisterProposer(majorityConfiguration(1, members)),
    save: async () => {},
    send: () => {},
  });
  registers.read('x').catch(() => {});
  armed[0]!.run();
  expect(armed.map(({ at }) => at)).toEqual([100, 100]);
});

test('what comes after closing is neither answered nor saved', async () => {
  const alone = new Alone();
  alone.registers[Symbol.dispose]();
  alone.registers[Symbol.dispose]();
  alone.registers.receive(NodeId.of(50), { kind: 'configure', configuration: majorityConfiguration(2, members) });
  await settle();
  expect(alone.sent).toEqual([]);
  expect(alone.registers.configuration.version).toBe(1);
  await expect(alone.registers.read('x')).rejects.toMatchObject({ code: 'closed', message: 'the proposer was closed' });
});

test('a proposer whose disk failed stays so when it is closed', async () => {
  const cluster = new Cluster();
  cluster.save = () => Promise.reject(new Error('no space'));
  const [one] = cluster.proposers as [Registers<number>];
  await expect(one.change('x', increment)).rejects.toMatchObject({
    code: 'disk-failed',
    cause: { message: 'no space' },
  });
  one[Symbol.dispose]();
  await expect(one.read('x')).rejects.toMatchObject({ code: 'disk-failed' });
});

test('closing registers from within a change ends it, and leaves no timer behind', async () => {
  const alone = new Alone();
  const call = alone.registers.change('x', () => {
    alone.registers[Symbol.dispose]();
    return 1;
  });
  const ended = expect(call).rejects.toMatchObject({ code: 'closed' });
  alone.promise(1, undefined, undefined);
  await ended;
  expect(alone.time.pending).toBe(0);
  expect(alone.sent.map(({ kind }) => kind)).not.toContain('accept');
});

test('everything that comes while a server writes is one batch', async () => {
  const cluster = new Cluster();
  const releases: (() => void)[] = [];
  cluster.write = () => new Promise<void>((resolve) => releases.push(resolve));
  const calls = ['a', 'b', 'c'].map((key) => cluster.proposers[0]!.change(key, increment));
  await settle();
  while (cluster.written.length < 12 && releases.length > 0) {
    releases.shift()!();
    await settle();
  }
  await Promise.all(calls);
  expect(cluster.written[0]?.length).toBe(3);
});
