/**
 * Collects tombstones, and adds and removes acceptors, one thing at a time: a collection and a change of acceptors must not overlap. A driver of
 * `garbage-collection.ts` and `membership-change.ts` over an injected transport and clock.
 */
import type { Instant } from '../../../base/index.ts';
import type { Time } from '../../../resilience/world.ts';
import type { Ballot, NodeId } from '../ballot.ts';
import {
  collectionOf,
  GarbageCollection,
  type GarbageCollectionEffect,
  type GarbageCollectionInput,
} from './garbage-collection.ts';
import {
  MembershipChange,
  type MembershipChangeEffect,
  type MembershipChangeInput,
  type MembershipStep,
} from './membership-change.ts';
import type { CollectorAnswer, CollectorRequest, ConfigureAnswer, ConfigureRequest, Tombstone } from './messages.ts';

export interface RegisterAdministratorOptions {
  /** All proposers that there are. */
  readonly proposers: readonly NodeId[];
  readonly time: Time;
  /** May lose, double and reorder. Answers come to `receive`. */
  readonly send: (to: NodeId, message: CollectorRequest | ConfigureRequest) => void;
  /** Without an answer, the question is repeated after so long. Default 500. */
  readonly resendMs?: number;
}

export interface Collected {
  readonly erased: readonly string[];
  /** In use again, or not to be written everywhere at present: no loss, try another time. */
  readonly kept: readonly string[];
}

/** What both kernels look like to a driver. */
interface Kernel<Input, Effect> {
  readonly deadline: Instant | undefined;
  step(input: Input, now: Instant, out: Effect[]): void;
}

type AnyInput = GarbageCollectionInput | MembershipChangeInput;
type AnyEffect = GarbageCollectionEffect | MembershipChangeEffect;

interface Task {
  readonly kernel: Kernel<AnyInput, AnyEffect>;
  /** What is not a message. */
  readonly carryOut: (effect: Exclude<AnyEffect, { readonly kind: 'send' }>) => void;
  readonly stop: (reason: unknown) => void;
  timer: Disposable | undefined;
}

export class RegisterAdministrator implements Disposable {
  readonly #options: RegisterAdministratorOptions;
  #task: Task | undefined;

  constructor(options: RegisterAdministratorOptions) {
    this.#options = options;
  }

  get isBusy(): boolean {
    return this.#task !== undefined;
  }

  /**
   * Erases deleted registers from all `acceptors`; waits for every proposer and acceptor for as long as it takes. `sweep` has a register written everywhere:
   * `rewrite(key, 'everywhere')` of `Registers`; should it reject, the register is kept. Throws when something else is under way.
   */
  collect(
    tombstones: readonly Tombstone[],
    acceptors: readonly NodeId[],
    sweep: (key: string) => Promise<Ballot | undefined>,
  ): Promise<Collected> {
    if (tombstones.length === 0) return Promise.resolve({ erased: [], kept: [] });
    const kernel = new GarbageCollection({ ...this.#options, acceptors }, collectionOf(tombstones));
    return this.#run<GarbageCollectionEffect, Collected>(kernel, (effect, resolve) => {
      if (effect.kind === 'collected') return resolve({ erased: effect.erased, kept: effect.kept });
      const { key } = effect;
      const swept = (ballot: Ballot | undefined): void => this.#step(kernel, { kind: 'swept', key, ballot });
      void sweep(key).then(swept, () => swept(undefined));
    });
  }

  /**
   * Takes the steps of `growthSteps` or `shrinkSteps`, waiting for every proposer for as long as it takes. `rescan` has every register written anew, by
   * `rewrite(key, 'quorum')`; when it rejects, so does this, and the change can be taken up again with the steps that are `left`. Throws when something
   * else is under way.
   */
  changeAcceptors(steps: readonly MembershipStep[], rescan: () => Promise<void>): Promise<void> {
    const kernel = new MembershipChange(this.#options, steps);
    return this.#run<MembershipChangeEffect, void>(kernel, (effect, resolve, reject) => {
      if (effect.kind === 'finished') return resolve();
      void rescan().then(() => this.#step(kernel, { kind: 'rescanned' }), reject);
    });
  }

  receive(from: NodeId, message: CollectorAnswer | ConfigureAnswer): void {
    if (this.#task !== undefined) this.#step(this.#task.kernel, { kind: 'message', from, message } as AnyInput);
  }

  /** Stops what is under way, which rejects; it can be begun again. */
  [Symbol.dispose](): void {
    this.#task?.stop(new Error('the administrator was closed'));
  }

  #run<Effect extends AnyEffect, Result>(
    kernel: GarbageCollection | MembershipChange,
    carryOut: (
      effect: Exclude<Effect, { readonly kind: 'send' }>,
      resolve: (result: Result) => void,
      reject: (reason: unknown) => void,
    ) => void,
  ): Promise<Result> {
    if (this.#task !== undefined) throw new Error('something else is under way: wait until it has ended');
    return new Promise((resolve, reject) => {
      const end =
        <Value>(settle: (value: Value) => void) =>
        (value: Value): void => {
          task.timer?.[Symbol.dispose]();
          if (this.#task === task) this.#task = undefined;
          settle(value);
        };
      const stop = end(reject);
      const task: Task = {
        kernel: kernel as Kernel<AnyInput, AnyEffect>,
        stop,
        timer: undefined,
        carryOut: (effect) => carryOut(effect as never, end(resolve), stop),
      };
      this.#task = task;
      this.#step(kernel, { kind: 'start' });
    });
  }

  #step(kernel: object, input: AnyInput): void {
    const task = this.#task;
    // What comes late belongs to a task that has ended.
    if (task === undefined || task.kernel !== kernel) return;
    const out: AnyEffect[] = [];
    const { time, send } = this.#options;
    task.kernel.step(input, time.clock.monotonic(), out);
    for (const effect of out) {
      if (effect.kind === 'send') send(effect.to, effect.message);
      else task.carryOut(effect);
    }
    task.timer?.[Symbol.dispose]();
    const { deadline } = task.kernel;
    if (this.#task !== task || deadline === undefined) return;
    task.timer = time.timers.at(deadline, () => this.#step(kernel, { kind: 'tick' }));
  }
}
