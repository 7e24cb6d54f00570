/**
 * A whole distributed system in one thread: any number of nodes, a network, disks and clocks, in virtual time. One
 * 64-bit seed decides everything, and `digest` says in 16 digits what happened: equal seeds give equal digests.
 *
 *     const world = new World({ seed: 42n });
 *     world.node('a').start(async (env) => env.net.listen({ host: 'a', port: 1 }, accept));
 *     world.node('b').start((env) => env.net.connect({ host: 'a', port: 1 }, handler));
 *     await world.run({ forMs: 1000 });
 */
import type { LogFields } from '@quorate/env';
import type { SimDiskOptions } from '../disk/index.ts';
import type { DrainStrategy } from '../engine/drain.ts';
import { Engine } from '../engine/engine.ts';
import { EventCode } from '../engine/sim-event.ts';
import type { Trace, TraceMode } from '../engine/trace.ts';
import { type NetworkOptions, SimNetwork } from '../net/index.ts';
import { formatSeed, parseSeed, type SeededStream, type SeedInput } from '../random/index.ts';
import type { LogLevel } from './process-parts.ts';
import { Runner, type RunOptions, type RunResult } from './runner.ts';
import { type NodeHost, SimNode } from './sim-node.ts';

export interface LogLine {
  readonly timeMs: number;
  readonly node: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

export type ErrorPolicy = 'fail' | 'exit';

export interface WorldOptions {
  readonly seed: SeedInput;
  /** What a node notices within this time is one turn of its event loop. Default 0.05. */
  readonly turnMs?: number;
  readonly net?: NetworkOptions;
  readonly disk?: Pick<SimDiskOptions, 'capacityBytes' | 'latency'>;
  /** The readable trace. Default off; `{ last: 200 }` is cheap enough for long runs. */
  readonly trace?: TraceMode;
  /** Replaces the host's clocks, timers and randomness by stubs that throw while a run is on. Default true. */
  readonly guard?: boolean;
  /** How promises are drained between events. Default: the fastest that the host has. */
  readonly drain?: DrainStrategy;
  /** A process that throws: `fail` (default) ends the run with the error, `exit` lets only the process die. */
  readonly onProcessError?: ErrorPolicy | ((failure: ProcessFailure) => ErrorPolicy);
  readonly onLog?: (line: LogLine) => void;
}

/** A run that went wrong, with what is needed to see it again. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
}

export interface ProcessFailure {
  readonly node: string;
  readonly timeMs: number;
  readonly error: unknown;
}

/** Failures that are remembered. */
const FAILURES_MAX = 1000;

export class World implements NodeHost {
  readonly engine: Engine;
  readonly net: SimNetwork;
  readonly options: WorldOptions;
  /** How often each coverage mark was hit. Every message that a process logs is a mark under its text. */
  readonly marks: Map<string, number> = new Map();
  /** Processes that died of an error. */
  readonly failures: ProcessFailure[] = [];
  readonly #nodes = new Map<string, SimNode>();
  readonly #runner: Runner;

  constructor(options: WorldOptions) {
    this.options = options;
    const turnUs = Math.max(1, Math.round((options.turnMs ?? 0.05) * 1000));
    this.engine = new Engine({ seed: parseSeed(options.seed), turnUs, trace: options.trace ?? 'off' });
    this.net = new SimNetwork(this.engine, options.net);
    this.#runner = new Runner(this.engine, {
      guard: options.guard ?? true,
      drain: options.drain,
      onError: (error) => this.#eventFailed(error),
    });
  }

  /** In the form that is printed and read back. */
  get seed(): string {
    return formatSeed(this.engine.seed);
  }

  /** Virtual time since the world began. */
  get nowMs(): number {
    return this.engine.nowUs / 1000;
  }

  /** Sixteen hex digits that stand for everything that has happened so far. */
  get digest(): string {
    return this.engine.digest.hex();
  }

  get trace(): Trace {
    return this.engine.trace;
  }

  /** Events that have happened. */
  get events(): number {
    return this.#runner.events;
  }

  get nodes(): readonly SimNode[] {
    return [...this.#nodes.values()];
  }

  /** The node of that name, which is also its host name. Made at the first call. */
  node(name: string): SimNode {
    let node = this.#nodes.get(name);
    if (node === undefined) {
      node = new SimNode(this, name);
      this.#nodes.set(name, node);
    }
    return node;
  }

  /** A stream of randomness for the scenario itself. */
  stream(name: string): SeededStream {
    return this.engine.stream(`scenario ${name}`);
  }

  /** Calls `action` at that time of the world, as an event of its own that belongs to no node. */
  at(timeMs: number, label: string, action: () => void): Disposable {
    const event = this.engine.act(timeMs * 1000 - this.engine.nowUs, EventCode.control, -1, label, action);
    return { [Symbol.dispose]: () => this.engine.queue.cancel(event) };
  }

  /** Counts that a place has been reached. */
  mark(name: string): void {
    this.marks.set(name, (this.marks.get(name) ?? 0) + 1);
  }

  /** Lets events happen until one of the conditions holds. See `RunOptions`. */
  run(options: RunOptions): Promise<RunResult> {
    return this.#runner.run(options);
  }

  /** Runs until `promise` has settled, and gives what it gives. Rejects when that takes longer than `withinMs` of virtual time. */
  async settle<T>(promise: Promise<T>, withinMs = 60_000): Promise<T> {
    let settled = false;
    const finish = (): void => {
      settled = true;
    };
    promise.then(finish, finish);
    const { reason } = await this.run({ until: () => settled, forMs: withinMs });
    if (settled) return promise;
    throw new SimulationError(
      `a promise had not settled when the run ended (${reason}) at ${this.nowMs} ms, seed ${this.seed}: give it more than ${withinMs} ms, or look for what it waits for`,
    );
  }

  processFailed(node: SimNode, error: unknown): void {
    const failure: ProcessFailure = { node: node.name, timeMs: this.nowMs, error };
    if (this.failures.length < FAILURES_MAX) this.failures.push(failure);
    const { onProcessError = 'fail' } = this.options;
    if ((typeof onProcessError === 'function' ? onProcessError(failure) : onProcessError) === 'exit') return;
    const message = error instanceof Error ? error.message : String(error);
    this.#runner.fail(
      new SimulationError(`${node.name} died at ${this.nowMs} ms, seed ${this.seed}: ${message}`, { cause: error }),
    );
  }

  /** An event has thrown: the process whose code it was dies of it. Without one the scenario or this package is at fault. */
  #eventFailed(error: unknown): void {
    const node = this.nodes.find((candidate) => candidate.owns(this.engine.current));
    if (node !== undefined) node.failed(this.engine.current, error);
    else this.#runner.fail(error);
  }
}
