/**
 * States as bytes: a version, the type's code, then the state as the type writes it. A release reads the version before its own; a type whose
 * form changes takes a new version here. (Versions 1 and 2 were in no release.)
 */
import { assert } from '../base/index.ts';
import type { Codec, Crdt } from './crdt.ts';
import { StateReader, StateWriter } from './state-bytes.ts';

export const CRDT_FORMAT_VERSION: number = 3;

/** The bytes of a state or delta. Equal states give equal bytes; a delta may give others than the state that it alone would make. */
export function encodeCrdt<S>(crdt: Crdt<S>, state: S): Uint8Array {
  const writer = spare ?? new StateWriter();
  spare = undefined;
  writer.u8(CRDT_FORMAT_VERSION);
  writer.u8(crdt.code);
  crdt.write(state, writer);
  const bytes = writer.copy();
  writer.forget();
  if (bytes.length <= SPARE_BYTES_MAX) spare = writer;
  return bytes;
}

/** Most deltas take a few bytes, for which a new writer would cost more than the writing. Not kept after a large state. */
let spare: StateWriter | undefined;
const SPARE_BYTES_MAX = 65_536;

/** The state in the bytes. Throws `BytesError` or `InvariantError` when they are of another version or type, damaged, or too long. */
export function decodeCrdt<S>(crdt: Crdt<S>, bytes: Uint8Array): S {
  const reader = new StateReader(bytes);
  const version = reader.u8();
  assert(
    version === CRDT_FORMAT_VERSION,
    `a state of format ${version} cannot be read: expected ${CRDT_FORMAT_VERSION}`,
  );
  const code = reader.u8();
  assert(code === crdt.code, `a state of type ${code} is not a ${crdt.name} (type ${crdt.code})`);
  const state = crdt.read(reader);
  reader.expectEnd();
  return state;
}

/** Orders values by their bytes: arbitrary, but the same everywhere. */
export function compareEncoded<T>(codec: Codec<T>, a: T, b: T): number {
  const [x, y] = [bytesOf(codec, a), bytesOf(codec, b)];
  for (let i = 0; i < x.length && i < y.length; i++) if (x[i] !== y[i]) return x[i]! - y[i]!;
  return x.length - y.length;
}

function bytesOf<T>(codec: Codec<T>, value: T): Uint8Array {
  const writer = new StateWriter();
  codec.write(value, writer);
  return writer.take();
}
