import { coreError } from '../../messages.ts';

/** Snapshots that one connection may read at the same time. */
const STREAMS_MAX = 2;

const EMPTY: Uint8Array = new Uint8Array(0);

/** Snapshots on their way to a client, who asks for them chunk by chunk: its pace is the flow control. */
export class SnapshotStreams {
  readonly #open: () => AsyncIterable<Uint8Array>;
  readonly #streams: Map<number, AsyncIterator<Uint8Array>> = new Map();
  #next = 1;

  constructor(open: () => AsyncIterable<Uint8Array>) {
    this.#open = open;
  }

  /** Throws `too-many-requests` beyond the bound. */
  open(): number {
    if (this.#streams.size >= STREAMS_MAX) throw coreError('too-many-requests');
    const id = this.#next;
    this.#next += 1;
    this.#streams.set(id, this.#open()[Symbol.asyncIterator]());
    return id;
  }

  /** Resolves with the next chunk; empty at the end. */
  async next(id: number): Promise<Uint8Array> {
    const stream = this.#streams.get(id);
    if (stream === undefined) throw coreError('invalid-request', { detail: `there is no snapshot ${id}` });
    for (;;) {
      const { value, done } = await stream.next();
      if (done === true) {
        this.#streams.delete(id);
        return EMPTY;
      }
      if (value.length > 0) return value;
    }
  }

  end(id: number): void {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    void stream?.return?.();
  }

  close(): void {
    for (const id of [...this.#streams.keys()]) this.end(id);
  }
}
