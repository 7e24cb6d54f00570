/**
 * Sends requests without waiting for the answers of those before, up to a window (Joshi, "Patterns of Distributed Systems", 2023, Request
 * Pipeline): the line is used while answers travel. The window is what protects the receiver; past it requests wait here, in order, in
 * a bounded queue. Answers may come in any order and are told apart by the id that each request leaves with.
 *
 * An id is a slot, reused soon, and a generation: finding the request of an answer is an access to an array, and an answer that comes after its
 * request was given up does not hit the next one in that slot.
 *
 * Pure: no socket, no clock. O(1).
 */
import { assert } from '../base/index.ts';

export interface RequestPipelineOptions {
  /** Requests under way at once. Default 256, at most 65,536. */
  readonly windowMax?: number;
  /** Their bytes, but for one request that is larger by itself. Default 1 MiB. */
  readonly windowBytesMax?: number;
  /** Requests that wait for the window. Default 10,000. */
  readonly queuedMax?: number;
}

export interface Outgoing<T> {
  /** In [0, 2^31). Comes back with the answer. */
  readonly id: number;
  readonly request: T;
}

const SLOT_BITS = 16;
const SLOTS_MAX: number = 1 << SLOT_BITS;
const GENERATION_MASK = 0x7fff;

export class RequestPipeline<T> {
  readonly #windowMax: number;
  readonly #windowBytesMax: number;
  readonly #queuedMax: number;
  #queue: T[] = [];
  #queueSizes: number[] = [];
  #from = 0;
  readonly #slots: (T | undefined)[] = [];
  readonly #ids: number[] = [];
  readonly #sizes: number[] = [];
  /** Orders those under way by when they left. */
  readonly #leftAs: number[] = [];
  readonly #free: number[] = [];
  #left = 0;
  #inFlight = 0;
  #inFlightBytes = 0;

  constructor(options: RequestPipelineOptions = {}) {
    this.#windowMax = options.windowMax ?? 256;
    this.#windowBytesMax = options.windowBytesMax ?? 1 << 20;
    this.#queuedMax = options.queuedMax ?? 10_000;
    assert(
      this.#windowMax >= 1 && this.#windowMax <= SLOTS_MAX,
      `windowMax must be in [1, ${SLOTS_MAX}], not ${options.windowMax}`,
    );
    assert(this.#windowBytesMax >= 1, `windowBytesMax must be >= 1, not ${options.windowBytesMax}`);
    assert(this.#queuedMax >= 1, `queuedMax must be >= 1, not ${options.queuedMax}`);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  get queued(): number {
    return this.#queue.length - this.#from;
  }

  /** False when the queue is full: the request was not taken. */
  add(request: T, sizeBytes: number): boolean {
    assert(sizeBytes >= 0, `sizeBytes must be >= 0, not ${sizeBytes}`);
    assert(request !== undefined, 'a request must not be undefined: that is what stands for none');
    if (this.queued >= this.#queuedMax) return false;
    this.#queue.push(request);
    this.#queueSizes.push(sizeBytes);
    return true;
  }

  /** The next request to send, while the window has room. Call until undefined. */
  next(): Outgoing<T> | undefined {
    if (this.queued === 0 || this.#inFlight >= this.#windowMax) return undefined;
    const sizeBytes = this.#queueSizes[this.#from]!;
    if (this.#inFlight > 0 && this.#inFlightBytes + sizeBytes > this.#windowBytesMax) return undefined;
    const request = this.#queue[this.#from]!;
    this.#from += 1;
    if (this.#from * 2 >= this.#queue.length) this.#cut();
    return { id: this.#enter(request, sizeBytes), request };
  }

  /** The request that the answer with `id` is for; undefined when there is none (any more). Makes room in the window. */
  answered(id: number): T | undefined {
    const slot = id & (SLOTS_MAX - 1);
    const request = this.#slots[slot];
    if (request === undefined || this.#ids[slot] !== id) return undefined;
    this.#slots[slot] = undefined;
    this.#free.push(slot);
    this.#inFlight -= 1;
    this.#inFlightBytes -= this.#sizes[slot]!;
    return request;
  }

  /**
   * The line is down. `sent` have left, so whether they took effect is not known; `unsent` have not. Both in order. Ids given so far
   * stay void.
   */
  reset(): { readonly sent: readonly T[]; readonly unsent: readonly T[] } {
    const slots = [...this.#slots.keys()].filter((slot) => this.#slots[slot] !== undefined);
    slots.sort((a, b) => this.#leftAs[a]! - this.#leftAs[b]!);
    const sent = slots.map((slot) => this.answered(this.#ids[slot]!)!);
    const unsent = this.#queue.slice(this.#from);
    this.#queue = [];
    this.#queueSizes = [];
    this.#from = 0;
    return { sent, unsent };
  }

  #enter(request: T, sizeBytes: number): number {
    const slot = this.#free.pop() ?? this.#slots.length;
    const generation = (((this.#ids[slot] ?? 0) >>> SLOT_BITS) + 1) & GENERATION_MASK;
    const id = (generation << SLOT_BITS) | slot;
    this.#slots[slot] = request;
    this.#ids[slot] = id;
    this.#sizes[slot] = sizeBytes;
    this.#leftAs[slot] = this.#left;
    this.#left += 1;
    this.#inFlight += 1;
    this.#inFlightBytes += sizeBytes;
    return id;
  }

  #cut(): void {
    this.#queue = this.#queue.slice(this.#from);
    this.#queueSizes = this.#queueSizes.slice(this.#from);
    this.#from = 0;
  }
}
