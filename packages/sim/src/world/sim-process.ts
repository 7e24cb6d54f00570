/**
 * One life of a program on a node: what it holds, whether it runs, and its `Env`. A paused process (SIGSTOP) keeps what
 * comes for it, in order, and works it off in a burst when it is resumed. A dead one runs no callback ever again.
 */
import type { Env } from '@quorate/env';
import { ProcessClock, ProcessLoop, ProcessTimers } from '../clock/process-clock.ts';
import type { DiskMount, DiskOperation } from '../disk/index.ts';
import { hashBytes } from '../engine/digest.ts';
import type { Engine } from '../engine/engine.ts';
import { EventCode, SimEvent } from '../engine/sim-event.ts';
import type { NetProcess } from '../net/process.ts';
import type { SeededStream } from '../random/index.ts';
import { ProcessLog, ProcessRandom } from './process-parts.ts';
import { ProcessTurn } from './process-turn.ts';
import type { SimNode } from './sim-node.ts';

/** Things kept for a paused process. Windows and socket buffers bound them long before; beyond this the model is wrong. */
const KEPT_MAX = 1_000_000;

export class SimProcess implements NetProcess {
  readonly engine: Engine;
  readonly nodeId: number;
  readonly incarnation: number;
  readonly env: Env;
  readonly mount: DiskMount;
  readonly loop: ProcessLoop;
  readonly #turn: ProcessTurn;
  #state: 'running' | 'paused' | 'ended' = 'running';
  #kept: SimEvent[] = [];
  /** How many of the kept have been worked off. */
  #done = 0;
  #replayed: SimEvent | undefined;
  #pausedAtMs = 0;

  constructor(engine: Engine, node: SimNode, incarnation: number) {
    this.engine = engine;
    this.nodeId = node.id;
    this.incarnation = incarnation;
    const random = new ProcessRandom(engine.seedOf(`process ${node.name} ${incarnation}`));
    const zeroMs = (random.stream('monotonic zero') as SeededStream).between(1, 1_000_000);
    const clock = new ProcessClock(node.clock, zeroMs);
    this.loop = new ProcessLoop(clock);
    this.#turn = new ProcessTurn(this);
    this.mount = node.disk.mount(`${node.name} (life ${incarnation})`, {
      schedule: (operation, delayUs) => this.#scheduleDisk(operation, delayUs),
    });
    this.env = {
      clock,
      timers: new ProcessTimers(engine, this, clock, node.clock),
      tasks: this.#turn,
      loop: this.loop,
      random,
      net: node.stack.netOf(this),
      disk: this.mount,
      log: new ProcessLog(node),
    };
  }

  get isAlive(): boolean {
    return this.#state !== 'ended';
  }

  get isPaused(): boolean {
    return this.#state === 'paused';
  }

  admit(event: SimEvent): boolean {
    if (this.#state === 'running' && (this.#kept.length === 0 || event === this.#replayed)) {
      this.engine.current = this;
      return true;
    }
    if (this.#state !== 'ended') this.#keep(event);
    return false;
  }

  flushAtEnd(target: { flush(): void }): void {
    this.#turn.flushAtEnd(target);
  }

  pause(): void {
    if (this.#state !== 'running') return;
    this.#state = 'paused';
    this.#pausedAtMs = this.env.clock.monotonic();
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    this.loop.observe(this.env.clock.monotonic() - this.#pausedAtMs);
    if (this.#kept.length > 0) this.engine.queue.schedule(new ReplayEvent(this), 0);
  }

  end(): void {
    this.#state = 'ended';
    this.#kept = [];
  }

  /** Lets the oldest kept event happen, and comes back for the next one until none is left. */
  replayOne(): void {
    if (this.#state !== 'running') return;
    const event = this.#kept[this.#done];
    if (event === undefined) return;
    this.#replayed = event;
    event.fire();
    this.#replayed = undefined;
    this.#done += 1;
    if (this.#done >= this.#kept.length) {
      this.#kept = [];
      this.#done = 0;
    } else this.engine.queue.schedule(new ReplayEvent(this), 0);
  }

  #keep(event: SimEvent): void {
    if (this.#kept.length >= KEPT_MAX) throw new RangeError(`more than ${KEPT_MAX} events wait for a paused process`);
    this.#kept.push(event);
  }

  #scheduleDisk(operation: DiskOperation, delayUs: number): void {
    const { engine } = this;
    if (operation.chunks !== undefined) for (const chunk of operation.chunks) engine.digest.fold(hashBytes(chunk));
    engine.queue.schedule(new DiskEvent(this, operation), engine.align(engine.nowUs + delayUs));
  }
}

class DiskEvent extends SimEvent {
  readonly #process: SimProcess;
  readonly #operation: DiskOperation;

  constructor(process: SimProcess, operation: DiskOperation) {
    super(EventCode.disk, process.nodeId);
    this.#process = process;
    this.#operation = operation;
  }

  override fire(): void {
    if (this.#process.admit(this)) this.#operation.perform();
  }

  override describe(): string {
    const { kind, path, sizeBytes } = this.#operation;
    return `${kind} ${path}${sizeBytes > 0 ? `, ${sizeBytes} bytes` : ''}`;
  }
}

class ReplayEvent extends SimEvent {
  readonly #process: SimProcess;

  constructor(process: SimProcess) {
    super(EventCode.process, process.nodeId);
    this.#process = process;
  }

  override fire(): void {
    this.#process.replayOne();
  }

  override describe(): string {
    return 'works off what came during a pause';
  }
}
