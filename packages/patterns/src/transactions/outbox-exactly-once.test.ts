import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import {
  IdempotencyKeys,
  IdempotentReceiver,
  Outbox,
  OutboxRelay,
  type OutboxRelayEffect,
  type OutboxRelayInput,
} from './index.ts';

/** What the receiver does with an entry, in one transaction: its effect, once. */
type Receive = (id: number, key: string, message: string, acknowledgedTo: number) => void;

/**
 * A producer whose state and outbox are one, its relay, and a receiver whose effects and memory are one. Only what is under way is lost in a crash:
 * everything the relay knows, and any message between them.
 */
class World {
  readonly effects: string[] = [];
  readonly #outbox = new Outbox<string>();
  readonly #receive: Receive;
  #relay: OutboxRelay<string>;
  #queue: OutboxRelayInput<string>[] = [];
  /** What the outside world was told to do: counted, to crash at each. */
  acts = 0;
  crashAt = 0;
  now = 0;

  constructor(receive: Receive) {
    this.#receive = receive;
    this.#relay = this.#fresh();
  }

  store(key: string, message: string): void {
    this.#outbox.append(key, message);
    this.#queue.push({ kind: 'stored' });
  }

  /** Runs until all is delivered. */
  run(): void {
    for (let turn = 0; turn < 2000 && this.#outbox.size > 0; turn++) {
      const input = this.#queue.shift();
      if (input === undefined) this.now += 50;
      this.#step(input ?? { kind: 'tick' });
    }
    expect(this.#outbox.size).toBe(0);
  }

  #fresh(): OutboxRelay<string> {
    this.#queue = [{ kind: 'start', acknowledgedTo: this.#outbox.acknowledgedTo }];
    return new OutboxRelay({ sendMs: 100, aheadMax: 3 });
  }

  #step(input: OutboxRelayInput<string>): void {
    const out: OutboxRelayEffect<string>[] = [];
    this.#relay.step(input, Instant.of(this.now), out);
    for (const effect of out) {
      this.acts += 1;
      // Before it is done.
      if (this.acts === this.crashAt) return this.#crash();
      const answer = this.#act(effect);
      this.acts += 1;
      // After it, before anybody hears of it.
      if (this.acts === this.crashAt) return this.#crash();
      if (answer !== undefined) this.#queue.push(answer);
    }
  }

  #crash(): void {
    this.#relay = this.#fresh();
  }

  #act(effect: OutboxRelayEffect<string>): OutboxRelayInput<string> | undefined {
    switch (effect.kind) {
      case 'read':
        return { kind: 'entries', entries: this.#outbox.after(effect.after, effect.limit) };
      case 'acknowledge':
        return void this.#outbox.acknowledge(effect.position);
      case 'send': {
        const { id, key, message, position } = effect.entry;
        this.#receive(id, key, message, this.#relay.acknowledgedTo);
        return { kind: 'delivered', position };
      }
      case 'park':
        throw new Error('nothing is parked here');
    }
  }
}

const RECEIVERS: Record<string, (effects: string[]) => Receive> = {
  'a table of keys': (effects) => {
    const keys = new IdempotencyKeys<string>();
    return (id, _key, message) => {
      const verdict = keys.receive(`orders/${id}`, message, Instant.of(0));
      if (verdict.kind !== 'new') return;
      effects.push(message);
      keys.record(`orders/${id}`, verdict.ticket, 'ok', Instant.of(0));
    };
  },
  'a window of numbers': (effects) => {
    const receiver = new IdempotentReceiver<{ readonly ok: true }>({ windowMax: 8 });
    receiver.open(1);
    return (id, _key, message, acknowledgedTo) => {
      if (receiver.receive(1, id, acknowledgedTo + 1) !== 'new') return;
      effects.push(message);
      receiver.record(1, id, { ok: true });
    };
  },
  'nothing at all': (effects) => (_id, _key, message) => void effects.push(message),
};
const STORED = ['a1', 'b1', 'a2', 'c1', 'a3', 'b2'];

function run(receiver: string, crashAt: number): World {
  let effects: string[] = [];
  const world = new World((...message) => receive(...message));
  effects = world.effects;
  const receive = RECEIVERS[receiver]!(effects);
  world.crashAt = crashAt;
  for (const message of STORED) world.store(message[0]!, message);
  world.run();
  return world;
}

function checkOrder(effects: readonly string[]): void {
  for (const key of ['a', 'b', 'c'])
    expect(effects.filter((each) => each[0] === key)).toEqual(STORED.filter((each) => each[0] === key));
}

describe('an outbox and an idempotent receiver: each effect exactly once, in the order of its key, with a crash at any step', () => {
  for (const receiver of ['a table of keys', 'a window of numbers']) {
    test(`that remembers in ${receiver}`, () => {
      const { acts } = run(receiver, 0);
      expect(acts).toBeGreaterThan(30);
      for (let crashAt = 1; crashAt <= acts; crashAt++) {
        const { effects } = run(receiver, crashAt);
        expect([crashAt, effects.toSorted()]).toEqual([crashAt, STORED.toSorted()]);
        checkOrder(effects);
      }
    });
  }

  test('without a memory some crash repeats an effect: the check can fail', () => {
    const { acts } = run('nothing at all', 0);
    const counts = Array.from({ length: acts }, (_, i) => run('nothing at all', i + 1).effects.length);
    expect(Math.max(...counts)).toBeGreaterThan(STORED.length);
  });

  test('with crash upon crash', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('a table of keys', 'a window of numbers'),
        fc.array(fc.integer({ min: 1, max: 30 })),
        (receiver, gaps) => {
          let effects: string[] = [];
          const world = new World((...message) => receive(...message));
          effects = world.effects;
          const receive = RECEIVERS[receiver]!(effects);
          const crashes = gaps.values();
          const next = (): void => {
            world.crashAt = world.acts + (crashes.next().value ?? Number.POSITIVE_INFINITY);
          };
          next();
          for (const message of STORED) {
            world.store(message[0]!, message);
            world.run();
            next();
          }
          expect(effects).toEqual(STORED);
        },
      ),
    );
  });
});
