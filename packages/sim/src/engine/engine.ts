import { deriveSeed, formatSeed, type Seed, SeededStream } from '../random/index.ts';
import { Digest } from './digest.ts';
import { EventQueue } from './event-queue.ts';
import { ActionEvent, type EventCode } from './sim-event.ts';
import { Trace, type TraceEntry, type TraceMode } from './trace.ts';

export interface EngineOptions {
  readonly seed: Seed;
  readonly turnUs: number;
  readonly trace: TraceMode;
}

/** What network, clocks, disks and processes of one world share: time, order, randomness, digest and trace. */
export class Engine {
  readonly seed: Seed;
  readonly queue: EventQueue = new EventQueue();
  readonly digest: Digest = new Digest();
  readonly trace: Trace;
  /** What a node notices comes at multiples of this: things that arrive within one are one turn of its event loop. */
  readonly turnUs: number;
  /** Whose code runs now; set when an event is admitted, cleared when its promises have been drained. */
  current: object | undefined;
  readonly #afterEvent: (() => void)[] = [];
  readonly #names: string[] = [];

  constructor(options: EngineOptions) {
    this.seed = options.seed;
    this.turnUs = options.turnUs;
    this.trace = new Trace(options.trace);
    this.digest.foldText(formatSeed(options.seed));
  }

  get nowUs(): number {
    return this.queue.nowUs;
  }

  stream(label: string): SeededStream {
    return new SeededStream(this.seed, label);
  }

  seedOf(label: string): Seed {
    return deriveSeed(this.seed, label);
  }

  /** The turn in which something that happens at `atUs` is noticed. */
  align(atUs: number): number {
    return Math.ceil(atUs / this.turnUs) * this.turnUs;
  }

  register(name: string): number {
    this.#names.push(name);
    return this.#names.length - 1;
  }

  nameOf(nodeId: number): string | undefined {
    return this.#names[nodeId];
  }

  act(delayUs: number, code: EventCode, nodeId: number, label: string, action: () => void): ActionEvent {
    const event = new ActionEvent(code, nodeId, label, action);
    this.queue.schedule(event, this.queue.nowUs + delayUs);
    return event;
  }

  /** Calls `action` when the present event and all its promises are through; at once when there is none. */
  afterEvent(action: () => void): void {
    this.#afterEvent.push(action);
  }

  runAfterEvent(): void {
    this.current = undefined;
    if (this.#afterEvent.length === 0) return;
    for (const action of this.#afterEvent.splice(0)) action();
  }

  /** Something that somebody did to the world: in the digest as well as in the trace. */
  record(nodeId: number, text: string): void {
    this.digest.foldText(text);
    this.note('fault', nodeId, text);
  }

  /** An entry of the readable trace. Check `trace.enabled` first where building the text costs. */
  note(kind: TraceEntry['kind'], nodeId: number, text: string): void {
    this.trace.add({ timeMs: this.queue.nowUs / 1000, node: this.nameOf(nodeId), kind, text });
  }
}
