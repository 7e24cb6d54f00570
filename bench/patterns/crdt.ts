/** Counters, sets and maps that several replicas change at once, beside `yjs` and `@automerge/automerge`, which keep the whole history of a document. */
import { changeBytes, localChanges, memory, merged, remoteChanges, type Subject, savedBytes } from './replica-rows.ts';
import { counters, maps, sets } from './replicas.ts';
import type { Rows } from './row.ts';

const counter = (changes: number): Subject => ({
  what: 'counter',
  libraries: counters,
  changes,
  sameWhenConcurrent: true,
});
const set = (changes: number): Subject => ({ what: 'set', libraries: sets, changes, sameWhenConcurrent: true });
const map = (changes: number): Subject => ({ what: 'map', libraries: maps, changes, sameWhenConcurrent: true });

/** One after the other: a change of automerge takes milliseconds. */
const FEW = 100;
const MANY = 1_000;
const HELD = 10_000;

export const rows: Rows = [
  () => localChanges(counter(FEW)),
  () => remoteChanges(counter(FEW)),
  () => merged(counter(FEW)),
  () => savedBytes(counter(FEW)),
  ...[set, map].flatMap((subject) => [
    () => localChanges(subject(FEW)),
    () => remoteChanges(subject(FEW)),
    () => merged(subject(MANY)),
    () => changeBytes(subject(FEW)),
    () => savedBytes(subject(MANY)),
    () => memory(subject(HELD)),
  ]),
];
