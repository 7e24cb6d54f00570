/** One machine: a name on the network, a disk and a clock that outlive its processes, and at most one process. */
import type { Env, LogFields } from '@quorate/env';
import { DriftingClock } from '../clock/index.ts';
import { type CrashVariant, SimDisk } from '../disk/index.ts';
import type { Engine } from '../engine/engine.ts';
import { EventCode, type SimEvent } from '../engine/sim-event.ts';
import type { SimNetwork } from '../net/index.ts';
import type { NetStack } from '../net/stack.ts';
import type { LogLevel } from './process-parts.ts';
import { SimProcess } from './sim-process.ts';
import type { WorldOptions } from './world.ts';

/**
 * A program. What it returns, or what its promise resolves to, is disposed by `stop()` when it is disposable. When it
 * throws or rejects the process dies.
 */
export type Main = (env: Env) => unknown;

/** What a node tells its world. */
export interface NodeHost {
  readonly engine: Engine;
  readonly net: SimNetwork;
  readonly options: WorldOptions;
  mark(name: string): void;
  processFailed(node: SimNode, error: unknown): void;
}

export class SimNode {
  readonly id: number;
  readonly name: string;
  readonly disk: SimDisk;
  readonly clock: DriftingClock;
  readonly stack: NetStack;
  readonly #host: NodeHost;
  #main: Main | undefined;
  #process: SimProcess | undefined;
  #result: Promise<unknown> | undefined;
  #incarnation = 0;
  readonly #endListeners: ((by: 'itself' | 'others') => void)[] = [];

  constructor(host: NodeHost, name: string) {
    const { engine, net, options } = host;
    this.#host = host;
    this.name = name;
    this.id = engine.register(name);
    this.clock = new DriftingClock(engine);
    this.disk = new SimDisk({ ...options.disk, seed: engine.seedOf(`disk ${name}`) });
    this.stack = net.attach(this.id, name);
  }

  get isRunning(): boolean {
    return this.#process?.isAlive === true;
  }

  get isPaused(): boolean {
    return this.#process?.isPaused === true;
  }

  /** The running process's environment. Throws when there is none. */
  get env(): Env {
    return this.#running().env;
  }

  /** How often a process has been started here. */
  get incarnation(): number {
    return this.#incarnation;
  }

  /** Starts a process, in an event of its own. Without an argument: the program that ran here last. */
  start(main: Main | undefined = this.#main): void {
    if (this.isRunning) throw new RangeError(`${this.name} is running already: kill or stop it first`);
    if (main === undefined) throw new RangeError(`${this.name} has never been started: give it a program`);
    const { engine } = this.#host;
    if (!this.stack.isUp) this.stack.powerRestored();
    this.#main = main;
    this.#incarnation += 1;
    const process = new SimProcess(engine, this, this.#incarnation);
    this.#process = process;
    this.#note(`starts, life ${this.#incarnation}`);
    this.#within(process, 'main', () => {
      this.#result = Promise.resolve(main(process.env));
      this.#result.catch((error: unknown) => this.failed(process, error));
    });
  }

  /** Runs `fn` as code of the running process, in an event of its own. Never settles when the process dies before. */
  call<T>(fn: (env: Env) => T | Promise<T>): Promise<T> {
    const process = this.#running();
    return new Promise<T>((resolve, reject) => {
      this.#within(process, 'call', () => {
        try {
          Promise.resolve(fn(process.env)).then(resolve, reject);
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** Disposes what the program has returned, then ends the process. */
  async stop(): Promise<void> {
    const process = this.#running();
    const result = this.#result;
    await this.call(async () => {
      await dispose(await result);
    });
    if (this.#process === process && process.isAlive) this.#endProcess('is stopped', 'others');
  }

  /** Calls `listener` whenever a process has ended here, by its own exit or error, or by `kill`, `crash` and `stop`. */
  onEnd(listener: (by: 'itself' | 'others') => void): void {
    this.#endListeners.push(listener);
  }

  /** The process ends by itself. What it wrote stays; the system closes its sockets. Call `start` to have it again. */
  exit(reason: string): void {
    this.#endProcess(`exits: ${reason}`, 'itself');
  }

  /** `kill -9`: the process ends at once, or after the present event when it does this to itself. The system lives on. */
  kill(): void {
    this.#endProcess('is killed', 'others');
  }

  /**
   * The power fails: also the system is gone. Unsynced changes survive as the disk's seed decides, or as `variant` says;
   * peers hear nothing until the node has been started again.
   */
  crash(variant?: CrashVariant): void {
    this.#soon(() => {
      const wasRunning = this.isRunning;
      this.#process?.end();
      this.#process = undefined;
      this.stack.powerFailed();
      const fate = this.disk.crash(variant);
      this.#note(`loses power; of ${fate.outcomes.length} unsynced changes: ${fate.name}`);
      if (wasRunning) this.#tellEnded('others');
    });
  }

  /** SIGSTOP: nothing reaches the process until it is resumed, by hand or after `forMs`; then all comes in a burst. */
  pause(forMs?: number): void {
    const process = this.#running();
    this.#soon(() => {
      if (!process.isAlive) return;
      process.pause();
      this.#note(forMs === undefined ? 'is paused' : `is paused for ${forMs} ms`);
      if (forMs === undefined) return;
      this.#host.engine.act(forMs * 1000, EventCode.control, this.id, 'pause ends', () => this.#resume(process));
    });
  }

  resume(): void {
    this.#resume(this.#running());
  }

  /** Kills what runs, if anything, and starts the same program again. */
  restart(): void {
    this.#soon(() => {
      if (this.isRunning) this.#endProcess('is killed', 'others');
      this.start();
    });
  }

  /** A new, empty disk. The node must not be running. */
  wipeDisk(): void {
    if (this.isRunning) throw new RangeError(`${this.name} is running: kill it before its disk is wiped`);
    this.#note('loses its disk');
    this.disk.wipe();
  }

  // What follows is for the parts of the simulation.

  /** The process has thrown out of an event or its program has rejected. */
  failed(process: object | undefined, error: unknown): void {
    if (process !== this.#process || !this.isRunning) return;
    this.#endProcess(`dies of an error: ${error instanceof Error ? error.message : String(error)}`, 'itself');
    this.#host.processFailed(this, error);
  }

  owns(process: object | undefined): boolean {
    return process !== undefined && process === this.#process;
  }

  logged(level: LogLevel, message: string, fields: LogFields | undefined): void {
    this.#host.mark(message);
    const { engine, options } = this.#host;
    options.onLog?.({ timeMs: engine.nowUs / 1000, node: this.name, level, message, fields });
    if (!engine.trace.enabled) return;
    engine.note('log', this.id, `${level} ${message}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}`);
  }

  #endProcess(how: string, by: 'itself' | 'others'): void {
    this.#soon(() => {
      const process = this.#process;
      if (process === undefined) return;
      this.#process = undefined;
      process.end();
      this.#note(how);
      this.stack.processEnded(process);
      this.disk.unmount(process.mount);
      this.#tellEnded(by);
    });
  }

  #tellEnded(by: 'itself' | 'others'): void {
    for (const listener of this.#endListeners) listener(by);
  }

  #resume(process: SimProcess): void {
    if (!process.isPaused) return;
    this.#note('is resumed');
    process.resume();
  }

  #running(): SimProcess {
    if (this.#process === undefined || !this.isRunning)
      throw new RangeError(`${this.name} is not running: start it first`);
    return this.#process;
  }

  /** At once, or after the present event when it is this node's own: code that runs now cannot be taken back. */
  #soon(action: () => void): void {
    const { engine } = this.#host;
    if (engine.current !== undefined && engine.current === this.#process) engine.afterEvent(action);
    else action();
  }

  #within(process: SimProcess, label: string, action: () => void): void {
    const { engine } = this.#host;
    const event: SimEvent = engine.act(0, EventCode.process, this.id, label, () => {
      if (process.admit(event)) action();
    });
  }

  #note(text: string): void {
    this.#host.engine.record(this.id, text);
  }
}

async function dispose(resource: unknown): Promise<void> {
  if (typeof resource !== 'object' || resource === null) return;
  const { [Symbol.asyncDispose]: asynchronously, [Symbol.dispose]: directly } = resource as Partial<
    AsyncDisposable & Disposable
  >;
  if (asynchronously !== undefined) await asynchronously.call(resource as AsyncDisposable);
  else directly?.call(resource as Disposable);
}
