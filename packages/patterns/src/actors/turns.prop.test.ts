import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assert, Instant, randomBelow } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import { type CallChain, type Reentrancy, type TurnEffect, TurnScheduler } from './index.ts';
import { same } from './same.fixture.ts';

interface UnderWay {
  readonly turn: number;
  readonly actor: string;
  readonly message: number;
  readonly chain: CallChain;
}

const ACTORS = ['a', 'b', 'c'];

/** Actors that tell and call each other at random, with everything that happens checked against what a careful reader would note down. */
class Crowd {
  readonly #random: () => number;
  readonly #scheduler: TurnScheduler<number>;
  readonly #reentrancy: Reentrancy;
  readonly #underWay = new Map<number, UnderWay>();
  #running: number | undefined;
  /** Messages that were told and are neither handled nor handed back, by actor, in order. */
  readonly #waiting = new Map<string, number[]>(ACTORS.map((actor) => [actor, []]));
  #now = 0;
  #message = 0;
  handled = 0;
  handedBack = 0;

  constructor(seed: number, reentrancy: Reentrancy) {
    this.#random = seeded(seed);
    this.#reentrancy = reentrancy;
    this.#scheduler = new TurnScheduler({ name: 'n', throughput: 2, turnsPerTick: 5, depthMax: 5, interleavedMax: 3 });
    for (const actor of ACTORS) this.#step({ kind: 'spawn', actor, options: { reentrancy } });
  }

  #step(input: Parameters<TurnScheduler<number>['step']>[0]): void {
    const out: TurnEffect<number>[] = [];
    this.#scheduler.step(input, Instant.of(this.#now), out);
    assert(out.filter(({ kind }) => kind === 'turn').length <= 1, 'one turn at most begins in a step');
    for (const effect of out) {
      if (effect.kind === 'turn') this.#begun(effect);
      if (effect.kind === 'rejected') {
        this.handedBack += 1;
        this.#forget(effect.actor, effect.message);
      }
    }
  }

  #begun({ turn, actor, message, chain }: UnderWay): void {
    same(this.#running, undefined);
    const others = [...this.#underWay.values()].filter((one) => one.actor === actor);
    if (this.#reentrancy === 'none') same(others, []);
    // One that is under way waits for this one: it stands in its chain.
    if (this.#reentrancy === 'call-chain' && others.length > 0)
      same(
        others.some((other) => chain.some((call) => call.turn === other.turn)),
        true,
      );
    assert(others.length < 3, 'three turns of an actor at most are under way');
    // First come, first served: reentrant calls may overtake, and nothing else.
    if (this.#reentrancy === 'none') same(this.#waiting.get(actor)![0], message);
    this.#forget(actor, message);
    this.handled += 1;
    this.#running = turn;
    this.#underWay.set(turn, { turn, actor, message, chain });
  }

  #forget(actor: string, message: number): void {
    const waiting = this.#waiting.get(actor)!;
    const at = waiting.indexOf(message);
    assert(at >= 0, `message ${message} must be waiting`);
    waiting.splice(at, 1);
  }

  act(): void {
    this.#now += randomBelow(this.#random, 2);
    const fate = randomBelow(this.#random, 10);
    const turns = [...this.#underWay.values()];
    const one = turns[randomBelow(this.#random, turns.length || 1)];
    if (fate < 4) this.#tell(this.#random() < 0.5 ? one?.chain : undefined);
    else if (fate < 7 && one !== undefined) this.#end(one.turn);
    else if (fate < 9 && this.#running !== undefined) {
      const turn = this.#running;
      this.#running = undefined;
      this.#step({ kind: 'waits', turn });
    } else this.#step({ kind: 'tick' });
  }

  #tell(chain: CallChain | undefined): void {
    const actor = ACTORS[randomBelow(this.#random, 3)]!;
    this.#message += 1;
    this.#waiting.get(actor)!.push(this.#message);
    const calling = chain === undefined ? {} : { chain };
    this.#step({ kind: 'tell', actor, message: this.#message, ...calling });
  }

  #end(turn: number): void {
    this.#underWay.delete(turn);
    if (this.#running === turn) this.#running = undefined;
    this.#step({ kind: 'finished', turn });
  }

  /** Ends everything; then nothing may be left that waits. */
  settle(): void {
    this.#step({ kind: 'tick' });
    for (let i = 0; i < 10_000 && this.#underWay.size > 0; i++) {
      this.#end([...this.#underWay.keys()].at(-1)!);
      this.#step({ kind: 'tick' });
    }
    same([...this.#waiting.values()].flat(), []);
    same(this.handled + this.handedBack, this.#message);
  }
}

describe('whatever is told, called, waited for and finished in whatever order', () => {
  for (const reentrancy of ['none', 'call-chain', 'always'] as const)
    test(`reentrancy ${reentrancy}: no turn interleaves that may not, and each message is handled or handed back once`, () => {
      let handled = 0;
      let handedBack = 0;
      for (let seed = 1; seed <= 100; seed++) {
        const crowd = new Crowd(seed, reentrancy);
        for (let i = 0; i < 80; i++) crowd.act();
        crowd.settle();
        handled += crowd.handled;
        handedBack += crowd.handedBack;
      }
      expect(handled).toBeGreaterThan(2_000);
      expect(handedBack).toBeGreaterThan(40);
    });
});

test('who is ready waits for at most `throughput` turns of each that stood before it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.tuple(fc.nat(3), fc.nat(5)), { minLength: 1, maxLength: 40 }),
      (throughput, moves) => {
        const scheduler = new TurnScheduler<number>({ name: 'n', throughput, turnsPerTick: 1e6 });
        const out: TurnEffect<number>[] = [];
        for (const actor of '0123') scheduler.step({ kind: 'spawn', actor }, Instant.of(0), out);
        const turnsOf: string[] = [];
        const told = new Map<string, number[]>();
        let shown = 0;
        let ended = 0;
        const note = (): void => {
          for (; shown < out.length; shown++) {
            const effect = out[shown]!;
            if (effect.kind !== 'turn') continue;
            turnsOf.push(effect.actor);
            const waiting = told.get(effect.actor)!;
            const since = waiting.shift()!;
            if (since < 0) continue;
            // The first of its messages to wait: from then on each other actor has had its turns at most once, the running one included.
            for (const other of '0123')
              if (other !== effect.actor)
                assert(
                  turnsOf.slice(since, -1).filter((one) => one === other).length <= throughput,
                  `${other} had more than its turns while ${effect.actor} was ready`,
                );
            // Its later messages wait since this one began.
            for (let i = 0; i < waiting.length; i++) waiting[i] = -1;
          }
        };
        for (const [to, finish] of moves) {
          const actor = `${to}`;
          const waiting = told.get(actor) ?? [];
          waiting.push(waiting.length === 0 ? turnsOf.length : -1);
          told.set(actor, waiting);
          scheduler.step({ kind: 'tell', actor, message: 0 }, Instant.of(0), out);
          note();
          for (let i = 0; i < finish; i++) {
            if (turnsOf.length === ended) break;
            ended = turnsOf.length;
            scheduler.step({ kind: 'finished', turn: ended }, Instant.of(0), out);
            note();
          }
        }
      },
    ),
    { numRuns: 300, seed: 5 },
  );
});
