/**
 * Where a durable write runs: on this thread, or in the platform's thread pool.
 *
 * On this thread a small write to a fast disk is durable after about 85 µs, by way of the pool after about 110 µs and with two
 * thread switches' worth of processor time. But a slow disk would stop the whole event loop. So: on this thread while
 * recent durable writes were fast; after one slow write in the pool, until a run of fast ones has shown that the disk has recovered.
 * A disk that turns slow thus costs one stall, not one per write.
 */
export class SyncMode {
  readonly #slowMs: number;
  #fastInARow: number;

  /** `slowMs`: a durable write that takes longer than this must not run on the event loop's thread; 0 never runs one there. */
  constructor(slowMs: number) {
    this.#slowMs = slowMs;
    this.#fastInARow = 0;
  }

  onThisThread(sizeBytes: number): boolean {
    return this.#fastInARow >= FAST_RUN && sizeBytes <= THREAD_MAX_BYTES;
  }

  observe(durationMs: number, sizeBytes: number): void {
    if (durationMs <= this.#slowMs) this.#fastInARow += 1;
    // A big batch may be slow for its size alone: it runs in the pool anyway and says nothing about small ones.
    else if (sizeBytes <= THREAD_MAX_BYTES) this.#fastInARow = 0;
  }
}

const FAST_RUN = 32;
/** 1 MiB takes about 300 µs here where 4 KiB take 85: beyond this the pool's overhead no longer shows. */
const THREAD_MAX_BYTES = 256 * 1024;
