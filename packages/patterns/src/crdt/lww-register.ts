/**
 * Last-writer-wins register: the value with the latest stamp. Shapiro et al., "A Comprehensive Study …", 2011, specification 8; Johnson and Thomas, RFC 677, 1975.
 *
 * What it costs: of concurrent writes all but one are dropped, with no trace, and a wall clock that runs ahead wins over later writes. Use a
 * multi-value register where that matters. The stamp is a hybrid timestamp and the node's name, so a write that has seen another is always
 * later than it. The order is total: should a stamp be given twice, against the rules, the bytes of the values decide, and replicas still agree.
 */
import { assert } from '../base/index.ts';
import { compareNodeTimestamps, hybridTimestamp, type NodeTimestamp } from '../time/index.ts';
import { compareEncoded } from './binary.ts';
import type { Codec, Crdt } from './crdt.ts';

/** Undefined: never written. */
export type LwwRegister<T> = { readonly stamp: NodeTimestamp; readonly value: T } | undefined;

export interface LwwRegisterType<T> extends Crdt<LwwRegister<T>> {
  /** Delta: written at `stamp`, which should come from this node's hybrid clock, after it has received the stamp of what is there. */
  set(value: T, stamp: NodeTimestamp): LwwRegister<T>;
  value(state: LwwRegister<T>): T | undefined;
}

export function lwwRegister<T>(codec: Codec<T>): LwwRegisterType<T> {
  const order = (a: NonNullable<LwwRegister<T>>, b: NonNullable<LwwRegister<T>>): number => {
    const byStamp = compareNodeTimestamps(a.stamp, b.stamp);
    return byStamp !== 0 ? byStamp : compareEncoded(codec, a.value, b.value);
  };
  return {
    name: 'lww-register',
    code: 4,
    empty: undefined,
    merge: (a, b) => (b === undefined || (a !== undefined && order(a, b) >= 0) ? a : b),
    equals: (a, b) => (a === undefined || b === undefined ? a === b : order(a, b) === 0),
    write: (state, writer) => {
      writer.uint(state === undefined ? 0 : 1 + state.stamp.at.logical);
      if (state === undefined) return;
      writer.time(state.stamp.at.wallMs);
      writer.name(state.stamp.node);
      codec.write(state.value, writer);
    },
    read: (reader) => {
      const head = reader.uint();
      if (head === 0) return undefined;
      const at = hybridTimestamp(reader.time(), head - 1);
      const node = reader.name();
      return { stamp: { at, node }, value: codec.read(reader) };
    },
    set: (value, stamp) => {
      assert(value !== undefined, 'undefined stands for a register that was never written');
      // A part that is no number would come before and after everything.
      hybridTimestamp(stamp.at.wallMs, stamp.at.logical);
      return { stamp, value };
    },
    value: (state) => state?.value,
  };
}
