/** What the log's records mean: one record per group and persist request, and one per group at the head of each segment. */
import { assert, ByteReader, type ByteWriter } from '@quorate/patterns/base';
import { type Entry, type HardState, NodeId } from '@quorate/patterns/consensus/raft';
import type { BatchWriter, RecoveredRecord } from '@quorate/patterns/log';
import { readConfiguration, writeConfiguration } from '../wire/raft-entries.ts';
import type { PersistRequest } from './types.ts';

/**
 * `share`: one group's share of a batch. `carry`: all that must be known of a group besides its entries, as a segment begins.
 * `loss`: records of unknown groups were lost at some time before.
 */
export const RECORD_SHARE = 1;
export const RECORD_CARRY = 2;
export const RECORD_LOSS = 3;

const HAS_STATE = 1;
const HAS_VOTE = 2;
const HAS_ENTRIES = 4;
const HAS_RESTART = 8;
const HAS_BASE = 16;
const IS_REPAIRED = 32;
const IS_DAMAGED = 64;

const ENTRY_EMPTY = 0;
const ENTRY_DATA = 1;
const ENTRY_CONFIGURATION = 2;
const ENTRY_SAME_TERM = 16;

const DAMAGE_TEXT_MAX = 150;

/** The note of a share. `ordinal` counts a group's shares without gaps: a lost one shows. */
export interface ShareNote {
  readonly ordinal: number;
  readonly commit: number;
  readonly state: HardState | undefined;
  /** The log restarts behind this index. */
  readonly restart: number | undefined;
  /** Entries up to here are not needed any more. */
  readonly base: number | undefined;
  readonly entries: { readonly firstIndex: number; readonly count: number } | undefined;
  readonly repaired: boolean;
}

export interface CarryNote {
  /** Of the last share before. */
  readonly ordinal: number;
  readonly commit: number;
  readonly state: HardState;
  readonly base: number;
  readonly lastIndex: number;
  readonly damage: string | undefined;
}

export function writeShare(
  batch: BatchWriter,
  request: PersistRequest,
  ordinal: number,
  base: number | undefined,
): void {
  const { entries, state, restart } = request;
  const note = batch.beginRecord(RECORD_SHARE, request.group);
  note.u8(
    flagsOf(state) |
      (entries.length > 0 ? HAS_ENTRIES : 0) |
      (restart !== undefined ? HAS_RESTART : 0) |
      (base !== undefined ? HAS_BASE : 0) |
      (request.repaired === true ? IS_REPAIRED : 0),
  );
  note.uint(ordinal);
  note.uint(request.commit);
  if (state !== undefined) writeState(note, state);
  if (restart !== undefined) note.uint(restart.index);
  if (base !== undefined) note.uint(base);
  if (entries.length > 0) {
    note.uint(entries[0]!.index);
    note.uint(entries.length);
  }
  const body = batch.endNote();
  writeEntries(batch, body, entries);
  batch.endRecord();
}

export function readShareNote(bytes: Uint8Array): ShareNote {
  const r = new ByteReader(bytes);
  const flags = r.u8();
  const ordinal = r.uint();
  const commit = r.uint();
  const state = flags & HAS_STATE ? readState(r, flags) : undefined;
  const restart = flags & HAS_RESTART ? r.uint() : undefined;
  const base = flags & HAS_BASE ? r.uint() : undefined;
  const entries = flags & HAS_ENTRIES ? { firstIndex: r.uint(), count: r.uint() } : undefined;
  r.expectEnd();
  return { ordinal, commit, state, restart, base, entries, repaired: (flags & IS_REPAIRED) !== 0 };
}

export function writeCarry(batch: BatchWriter, group: number, carry: CarryNote): void {
  const note = batch.beginRecord(RECORD_CARRY, group);
  note.u8(flagsOf(carry.state) | (carry.damage !== undefined ? IS_DAMAGED : 0));
  note.uint(carry.ordinal);
  note.uint(carry.commit);
  writeState(note, carry.state);
  note.uint(carry.base);
  note.uint(carry.lastIndex);
  if (carry.damage !== undefined) writeDamage(note, carry.damage);
  batch.endNote();
  batch.endRecord();
}

export function readCarryNote(bytes: Uint8Array): CarryNote {
  const r = new ByteReader(bytes);
  const flags = r.u8();
  const ordinal = r.uint();
  const commit = r.uint();
  const state = readState(r, flags);
  const base = r.uint();
  const lastIndex = r.uint();
  const damage = flags & IS_DAMAGED ? r.text() : undefined;
  r.expectEnd();
  return { ordinal, commit, state, base, lastIndex, damage };
}

export function writeLoss(batch: BatchWriter, damage: string): void {
  writeDamage(batch.beginRecord(RECORD_LOSS, 0), damage);
  batch.endNote();
  batch.endRecord();
}

export function readLossNote(bytes: Uint8Array): string {
  const r = new ByteReader(bytes);
  const damage = r.text();
  r.expectEnd();
  return damage;
}

/** Cut to what a note holds. */
function writeDamage(w: ByteWriter, damage: string): void {
  w.text(damage.slice(0, DAMAGE_TEXT_MAX).replace(/[^ -~]/g, '?'));
}

function flagsOf(state: HardState | undefined): number {
  if (state === undefined) return 0;
  return state.vote === undefined ? HAS_STATE : HAS_STATE | HAS_VOTE;
}

function writeState(w: ByteWriter, state: HardState): void {
  w.uint(state.term);
  if (state.vote !== undefined) w.uint(state.vote);
}

function readState(r: ByteReader, flags: number): HardState {
  const term = r.uint();
  return { term, vote: flags & HAS_VOTE ? NodeId.of(r.uint()) : undefined };
}

/** Indexes are not written: they follow from the note. */
function writeEntries(batch: BatchWriter, w: ByteWriter, entries: readonly Entry[]): void {
  let term = 0;
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!;
    assert(i === 0 || entry.index === entries[i - 1]!.index + 1, 'the entries of a request must follow on one another');
    const kind = entry.kind === 'data' ? ENTRY_DATA : entry.kind === 'empty' ? ENTRY_EMPTY : ENTRY_CONFIGURATION;
    if (entry.term === term) w.u8(kind | ENTRY_SAME_TERM);
    else {
      w.u8(kind);
      w.uint(entry.term);
      term = entry.term;
    }
    if (entry.kind === 'data') {
      w.uint(entry.data.length);
      batch.bytes(entry.data);
    } else if (entry.kind === 'configuration') writeConfiguration(w, entry.configuration);
  }
}

/** Throws `BytesError` when the body does not hold what the note says. Data are views of one copy of the body. */
export function readEntries(record: RecoveredRecord, firstIndex: number, count: number): Entry[] {
  // A copy: a view would keep the whole segment in memory for the sake of one entry.
  const r = new ByteReader(record.body.slice());
  const entries: Entry[] = [];
  let term = 0;
  for (let index = firstIndex; index < firstIndex + count; index++) {
    const tag = r.u8();
    if ((tag & ENTRY_SAME_TERM) === 0) term = r.uint();
    entries.push(readEntry(r, tag & ~ENTRY_SAME_TERM, index, term));
  }
  r.expectEnd();
  return entries;
}

function readEntry(r: ByteReader, kind: number, index: number, term: number): Entry {
  switch (kind) {
    case ENTRY_DATA:
      return { kind: 'data', index, term, data: r.bytes() };
    case ENTRY_EMPTY:
      return { kind: 'empty', index, term };
    default:
      assert(kind === ENTRY_CONFIGURATION, 'the kind of an entry in the log must be known');
      return { kind: 'configuration', index, term, configuration: readConfiguration(r) };
  }
}
