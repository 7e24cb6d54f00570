import { type Configuration, type Entry, NodeId, type RaftMessage } from '@quorate/patterns/consensus/raft';
import fc from 'fast-check';

/** Generators of well-formed values, drawn from tiny domains and from the edges of the large ones. */
const number = fc.oneof(fc.nat(3), fc.constantFrom(127, 128, 2 ** 32, 2 ** 53 - 1));
const smallIndex = fc.oneof(fc.nat(300), fc.constantFrom(2 ** 40));
const nodes = fc.uniqueArray(fc.nat(200), { maxLength: 4 }).map((ids) => ids.sort((a, b) => a - b).map(NodeId.of));

export const configuration: fc.Arbitrary<Configuration> = fc.record({
  voters: nodes,
  outgoing: nodes,
  learners: nodes,
  learnersNext: nodes,
});

interface Shape {
  readonly step: number;
  readonly content: Uint8Array | Configuration | undefined;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  step: fc.constantFrom(0, 0, 0, 1, 300),
  content: fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constant(undefined), configuration),
});

export function entriesOf(shapes: readonly Shape[], prevIndex: number, prevTerm: number): Entry[] {
  let term = prevTerm;
  return shapes.map(({ step, content }, i) => {
    term += step;
    const index = prevIndex + 1 + i;
    if (content === undefined) return { kind: 'empty', index, term };
    if (content instanceof Uint8Array) return { kind: 'data', index, term, data: content };
    return { kind: 'configuration', index, term, configuration: content };
  });
}

const append = fc
  .record({
    kind: fc.constant('append-request' as const),
    term: number,
    prevIndex: smallIndex,
    prevTerm: smallIndex,
    commit: number,
    shapes: fc.array(shape, { maxLength: 6 }),
  })
  .map(
    ({ shapes, ...message }): RaftMessage => ({
      ...message,
      entries: entriesOf(shapes, message.prevIndex, message.prevTerm),
    }),
  );

const of = <K extends RaftMessage['kind']>(kind: K): fc.Arbitrary<K> => fc.constant(kind);
const flag = fc.boolean();

export const raftMessage: fc.Arbitrary<RaftMessage> = fc.oneof(
  { weight: 4, arbitrary: append },
  fc.record({
    kind: of('vote-request'),
    term: number,
    preVote: flag,
    transfer: flag,
    lastIndex: number,
    lastTerm: number,
  }),
  fc.record({ kind: of('vote-response'), term: number, preVote: flag, granted: flag }),
  fc.record({ kind: of('append-accepted'), term: number, matchIndex: number }),
  fc.record({ kind: of('append-rejected'), term: number, rejectedIndex: number, hintIndex: number, hintTerm: number }),
  fc.record({ kind: of('heartbeat'), term: number, commit: number, round: number, quiesce: flag }),
  fc.record({ kind: of('heartbeat-response'), term: number, round: number }),
  fc.record({ kind: of('timeout-now'), term: number }),
  fc.record({ kind: of('read-request'), term: number, id: number }),
  fc.record({ kind: of('read-response'), term: number, id: number, index: fc.option(number, { nil: undefined }) }),
  fc.record({ kind: of('repair-request'), term: number, id: number }),
  fc.record({ kind: of('repair-response'), term: number, id: number, index: number }),
);

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Cuts `bytes` at the given fractions, so that a generator can choose chunk borders. */
export function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes.length === 0 ? bytes.length : Math.max(1, sizes[i % sizes.length]!);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
