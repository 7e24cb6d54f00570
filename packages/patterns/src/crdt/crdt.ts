/**
 * What every CRDT here is: a join semilattice of immutable states. Shapiro, Preguiça, Baquero, Zawirski, "Conflict-Free Replicated Data Types", SSS 2011
 * (state-based); Almeida, Shoker, Baquero, "Delta State Replicated Data Types", JPDC 2018 (deltas).
 *
 * A mutator never returns a new whole state. It returns a *delta*: a small state that, merged into any state, adds this change:
 *
 *     const delta = gCounter.increment(count, 'a');
 *     count = gCounter.merge(count, delta); // here
 *     send(delta);                          // or, now and then, the whole count: whoever receives merges it, in any order, as often as it comes
 *
 * Deltas merge into each other too, so what is to be sent can be gathered. `checkLaws` holds for every type here and for those you write.
 */
import type { StateReader, StateWriter } from './state-bytes.ts';

export interface Crdt<S> {
  /** What it is called, in errors. */
  readonly name: string;
  /** Type code in the binary form: 1 to 63 are ours, 64 to 255 yours. */
  readonly code: number;
  /** The least state: nothing has happened. */
  readonly empty: S;
  /** The least state that is at or above both. Returns `a` itself when `b` adds nothing. */
  merge(a: S, b: S): S;
  equals(a: S, b: S): boolean;
  /** Appends the state; equal states write equal bytes. */
  write(state: S, writer: StateWriter): void;
  /** Reads what `write` wrote. Throws `BytesError`, or `InvariantError` when it is not in that form. */
  read(reader: StateReader): S;
}

/** How the values inside a register, a set or a map are written. Equal values must write equal bytes. */
export interface Codec<T> {
  write(value: T, writer: StateWriter): void;
  read(reader: StateReader): T;
}

export const textCodec: Codec<string> = {
  write: (value, writer) => writer.text(value),
  read: (reader) => reader.text(),
};

export const numberCodec: Codec<number> = {
  write: (value, writer) => writer.f64(value),
  read: (reader) => reader.f64(),
};

export const booleanCodec: Codec<boolean> = {
  write: (value, writer) => writer.boolean(value),
  read: (reader) => reader.boolean(),
};

export const bytesCodec: Codec<Uint8Array> = {
  write: (value, writer) => writer.bytes(value),
  read: (reader) => reader.bytes().slice(),
};
