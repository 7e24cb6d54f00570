/**
 * Sends requests together, because the cost of one round (a system call, a disk write, a consensus round) hardly depends on how many
 * there are in it (Joshi, "Patterns of Distributed Systems", 2023, Request Batch). Three reasons for a batch to leave:
 *
 * - natural: nothing is under way, so what is there goes; what comes meanwhile is the next batch. Alone it costs no delay, under load the
 *   batches grow by themselves. The default, and nearly always enough;
 * - by size: it has as many items, or bytes, as one batch may;
 * - by time: with `lingerMs`, a batch that is not full waits so long after its first item. Only where rounds cost more than time.
 *
 * The caller takes batches while there are any: at the end of each turn, when a round is answered, and at `deadline`. Pure. O(1) per item.
 */
import { assert, Instant } from '../base/index.ts';

export interface RequestBatchOptions {
  /** Items in one batch. Default 1,000. */
  readonly itemsMax?: number;
  /** Bytes in one batch, but for one item that is larger by itself. Default 1 MiB. */
  readonly bytesMax?: number;
  /** Default 0. */
  readonly lingerMs?: number;
  /** Batches that are under way at once. Default 1. More keep a long line full, and give up the order of batches unless it keeps it. */
  readonly inFlightMax?: number;
  /** Items that wait to leave; past that `add` refuses. Default 10,000. */
  readonly queuedMax?: number;
}

export class RequestBatch<T> {
  readonly #itemsMax: number;
  readonly #bytesMax: number;
  readonly #lingerMs: number;
  readonly #inFlightMax: number;
  readonly #queuedMax: number;
  #queue: T[] = [];
  #sizes: number[] = [];
  /** With a linger only: when each item came. */
  #times: number[] = [];
  /** What of the queue has left already. */
  #from = 0;
  #bytes = 0;
  #inFlight = 0;

  constructor(options: RequestBatchOptions = {}) {
    this.#itemsMax = options.itemsMax ?? 1_000;
    this.#bytesMax = options.bytesMax ?? 1 << 20;
    this.#lingerMs = options.lingerMs ?? 0;
    this.#inFlightMax = options.inFlightMax ?? 1;
    this.#queuedMax = options.queuedMax ?? 10_000;
    assert(this.#itemsMax >= 1, `itemsMax must be >= 1, not ${options.itemsMax}`);
    assert(this.#bytesMax >= 1, `bytesMax must be >= 1, not ${options.bytesMax}`);
    assert(this.#lingerMs >= 0, `lingerMs must be >= 0, not ${options.lingerMs}`);
    assert(this.#inFlightMax >= 1, `inFlightMax must be >= 1, not ${options.inFlightMax}`);
    assert(this.#queuedMax >= 1, `queuedMax must be >= 1, not ${options.queuedMax}`);
  }

  /** Items that wait to leave. */
  get queued(): number {
    return this.#queue.length - this.#from;
  }

  get queuedBytes(): number {
    return this.#bytes;
  }

  /** Batches under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** When a batch will leave that is not full; undefined when time changes nothing. */
  get deadline(): Instant | undefined {
    if (this.#lingerMs === 0 || this.queued === 0 || this.#inFlight >= this.#inFlightMax) return undefined;
    return Instant.of(this.#times[this.#from]! + this.#lingerMs);
  }

  /** False when the queue is full: the item was not taken, and its sender is to slow down. */
  add(item: T, sizeBytes: number, now: Instant): boolean {
    assert(sizeBytes >= 0, `sizeBytes must be >= 0, not ${sizeBytes}`);
    if (this.queued >= this.#queuedMax) return false;
    this.#queue.push(item);
    this.#sizes.push(sizeBytes);
    if (this.#lingerMs > 0) this.#times.push(now);
    this.#bytes += sizeBytes;
    return true;
  }

  /** The next batch, which is under way from now on, or undefined when none is to leave at `now`. In the order of arrival. */
  take(now: Instant): readonly T[] | undefined {
    const { queued } = this;
    if (queued === 0 || this.#inFlight >= this.#inFlightMax) return undefined;
    if (this.#lingerMs > 0 && !this.#isFull() && now < this.#times[this.#from]! + this.#lingerMs) return undefined;
    this.#inFlight += 1;
    if (queued <= this.#itemsMax && this.#bytes <= this.#bytesMax) return this.#takeAll();
    return this.#takeSome();
  }

  /** A batch is no longer under way, however it ended. */
  answered(): void {
    assert(this.#inFlight > 0, 'a batch is answered once');
    this.#inFlight -= 1;
  }

  /** Everything that waits, to be refused by the caller. */
  clear(): readonly T[] {
    return this.#takeAll();
  }

  #isFull(): boolean {
    return this.queued >= this.#itemsMax || this.#bytes >= this.#bytesMax;
  }

  #takeAll(): T[] {
    const batch = this.#from === 0 ? this.#queue : this.#queue.slice(this.#from);
    this.#queue = [];
    this.#sizes = [];
    this.#times = [];
    this.#from = 0;
    this.#bytes = 0;
    return batch;
  }

  #takeSome(): T[] {
    const last = Math.min(this.#queue.length, this.#from + this.#itemsMax);
    let to = this.#from + 1;
    let bytes = this.#sizes[this.#from]!;
    while (to < last && bytes + this.#sizes[to]! <= this.#bytesMax) {
      bytes += this.#sizes[to]!;
      to += 1;
    }
    const batch = this.#queue.slice(this.#from, to);
    this.#from = to;
    this.#bytes -= bytes;
    // What has left is cut off now and then, so that a long queue is not copied for each batch.
    if (this.#from * 2 >= this.#queue.length) this.#cut();
    return batch;
  }

  #cut(): void {
    this.#queue = this.#queue.slice(this.#from);
    this.#sizes = this.#sizes.slice(this.#from);
    this.#times = this.#times.slice(this.#from);
    this.#from = 0;
  }
}
