import { type ByteReader, BytesError, type ByteWriter } from '@quorate/patterns/base';
import { type Configuration, type Entry, NodeId, type SnapshotMark } from '@quorate/patterns/consensus/raft';

/** Nodes in one list of a configuration. */
export const CONFIGURATION_NODES_MAX = 1024;

const KIND_EMPTY = 0;
const KIND_DATA = 1;
const KIND_CONFIGURATION = 2;
/** The entry's term is that of the entry before it, and is not written. Nearly all are. */
const SAME_TERM = 0x10;

/**
 * A run of entries that follow on one another: count, then each as kind, term (as the difference to the one before, unless it is the
 * same) and content. Their indexes follow from `prevIndex`, which the surrounding message carries.
 */
export function writeEntries(w: ByteWriter, entries: readonly Entry[], prevTerm: number): void {
  w.uint(entries.length);
  let term = prevTerm;
  for (const entry of entries) {
    const kind = entry.kind === 'data' ? KIND_DATA : entry.kind === 'empty' ? KIND_EMPTY : KIND_CONFIGURATION;
    if (entry.term === term) w.u8(kind | SAME_TERM);
    else {
      w.u8(kind);
      w.uint(entry.term - term);
      term = entry.term;
    }
    if (entry.kind === 'data') w.bytes(entry.data);
    else if (entry.kind === 'configuration') writeConfiguration(w, entry.configuration);
  }
}

/** `data` of the entries are views of the input. */
export function readEntries(r: ByteReader, prevIndex: number, prevTerm: number): readonly Entry[] {
  const count = r.count();
  if (count === 0) return NONE;
  if (prevIndex + count > Number.MAX_SAFE_INTEGER) throw new BytesError('entry indexes exceed 2^53 − 1', r.offset);
  const entries: Entry[] = [];
  let term = prevTerm;
  for (let index = prevIndex + 1; index <= prevIndex + count; index++) {
    const tag = r.u8();
    if ((tag & SAME_TERM) === 0) {
      const step = r.uint();
      // One form only: a term that does not change is not written.
      if (step === 0) throw new BytesError('an unchanged term is written out', r.offset);
      term += step;
      if (term > Number.MAX_SAFE_INTEGER) throw new BytesError('a term exceeds 2^53 − 1', r.offset);
    }
    entries.push(readEntry(r, tag & ~SAME_TERM, index, term));
  }
  return entries;
}

const NONE: readonly Entry[] = [];

function readEntry(r: ByteReader, kind: number, index: number, term: number): Entry {
  switch (kind) {
    case KIND_DATA:
      return { kind: 'data', index, term, data: r.bytes() };
    case KIND_EMPTY:
      return { kind: 'empty', index, term };
    case KIND_CONFIGURATION:
      return { kind: 'configuration', index, term, configuration: readConfiguration(r) };
    default:
      throw new BytesError(`entry kind ${kind} is unknown`, r.offset);
  }
}

export function writeConfiguration(w: ByteWriter, configuration: Configuration): void {
  writeNodes(w, configuration.voters);
  writeNodes(w, configuration.outgoing);
  writeNodes(w, configuration.learners);
  writeNodes(w, configuration.learnersNext);
}

export function readConfiguration(r: ByteReader): Configuration {
  return { voters: readNodes(r), outgoing: readNodes(r), learners: readNodes(r), learnersNext: readNodes(r) };
}

export function writeSnapshotMark(w: ByteWriter, mark: SnapshotMark): void {
  w.uint(mark.index);
  w.uint(mark.term);
  writeConfiguration(w, mark.configuration);
}

export function readSnapshotMark(r: ByteReader): SnapshotMark {
  return { index: r.uint(), term: r.uint(), configuration: readConfiguration(r) };
}

function writeNodes(w: ByteWriter, nodes: readonly NodeId[]): void {
  w.uint(nodes.length);
  for (const node of nodes) w.uint(node);
}

function readNodes(r: ByteReader): readonly NodeId[] {
  const count = r.count();
  if (count > CONFIGURATION_NODES_MAX) throw new BytesError(`${count} nodes in one list of a configuration`, r.offset);
  const nodes: NodeId[] = [];
  let last = -1;
  for (let i = 0; i < count; i++) {
    const node = r.uint();
    if (node <= last) throw new BytesError('the nodes of a configuration must ascend', r.offset);
    last = node;
    nodes.push(NodeId.of(node));
  }
  return nodes;
}
