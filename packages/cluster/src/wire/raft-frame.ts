import { ByteWriter } from '@quorate/patterns/base';
import type { Entry, RaftMessage } from '@quorate/patterns/consensus/raft';
import { SHARED_BYTES_MIN } from './frame-writer.ts';
import { writeEntries } from './raft-entries.ts';
import { writeRaftMessage } from './raft-messages.ts';

/**
 * Encodes runs of entries, each once for all followers that get it in the same turn. A leader's log only grows, so within a turn a
 * run is told by its group, its first and its last entry.
 */
export class EntryEncoder {
  readonly #writer: ByteWriter = new ByteWriter(64 * 1024);
  #first: Entry | undefined;
  #last: Entry | undefined;
  #prevTerm = 0;
  #encoded: Uint8Array = new Uint8Array(0);

  /** Calls that found the run encoded already, and those that did not. */
  hits = 0;
  misses = 0;

  encode(entries: readonly Entry[], prevTerm: number): Uint8Array {
    const first = entries[0];
    const last = entries[entries.length - 1];
    if (first !== undefined && first === this.#first && last === this.#last && prevTerm === this.#prevTerm) {
      this.hits += 1;
      return this.#encoded;
    }
    this.misses += 1;
    writeEntries(this.#writer, entries, prevTerm);
    this.#first = first;
    this.#last = last;
    this.#prevTerm = prevTerm;
    this.#encoded = this.#writer.take();
    return this.#encoded;
  }

  /** Forgets the last run, so that its memory can be freed. */
  clear(): void {
    this.#first = undefined;
    this.#last = undefined;
    this.#encoded = EMPTY;
  }
}

const EMPTY: Uint8Array = new Uint8Array(0);

/** Gathers the messages of all groups to one node on one lane: the payload of one frame, in pieces. */
export class RaftFrame {
  readonly #writer: ByteWriter = new ByteWriter(1024);
  readonly #entries: EntryEncoder;
  #parts: Uint8Array[] = [];
  #sizeBytes = 0;
  messages = 0;

  constructor(entries: EntryEncoder) {
    this.#entries = entries;
  }

  get sizeBytes(): number {
    return this.#sizeBytes + this.#writer.length;
  }

  add(group: number, message: RaftMessage): void {
    this.messages += 1;
    writeRaftMessage(this.#writer, group, message);
    if (message.kind !== 'append-request') return;
    if (message.entries.length === 0) this.#writer.u8(0);
    else this.#append(this.#entries.encode(message.entries, message.prevTerm));
  }

  take(): readonly Uint8Array[] {
    this.#close();
    const parts = this.#parts;
    this.#parts = [];
    this.#sizeBytes = 0;
    this.messages = 0;
    return parts;
  }

  #append(encoded: Uint8Array): void {
    if (encoded.length < SHARED_BYTES_MIN) {
      this.#writer.raw(encoded);
      return;
    }
    this.#close();
    this.#parts.push(encoded);
    this.#sizeBytes += encoded.length;
  }

  #close(): void {
    if (this.#writer.length === 0) return;
    const part = this.#writer.take();
    this.#parts.push(part);
    this.#sizeBytes += part.length;
  }
}
