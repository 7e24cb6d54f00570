/** Text that several edit, beside `yjs` and `@automerge/automerge`. Sessions are made here, from a seed, and the same for all. */
import * as Automerge from '@automerge/automerge';
import { type TextState, text } from '@quorate/patterns/crdt';
import { type Edit, randomPlaces, typing, writing } from './editing-sessions.ts';
import { changeBytes, localChanges, memory, merged, remoteChanges, type Subject, savedBytes } from './replica-rows.ts';
import { automergeReplica, type Library, ownReplica, type Replica, yjsReplica } from './replicas.ts';
import type { Rows } from './row.ts';

const ownEditor = (actor: number, edits: readonly Edit[]): Replica =>
  ownReplica<TextState>(
    text,
    (state, i) => {
      const { at, removed, inserted } = edits[i]!;
      return removed > 0 ? text.delete(state, at, removed) : text.insert(state, at, inserted, `n${actor}`);
    },
    text.value,
  );

const editors = (edits: readonly Edit[]): readonly Library[] => [
  { name: 'text', create: (actor) => ownEditor(actor, edits) },
  {
    name: 'yjs',
    create: (actor) =>
      yjsReplica(
        actor,
        (doc, i) => {
          const { at, removed, inserted } = edits[i]!;
          if (removed > 0) doc.getText('text').delete(at, removed);
          else doc.getText('text').insert(at, inserted);
        },
        (doc) => doc.getText('text').toString(),
      ),
  },
  {
    name: 'automerge',
    kind: 'WebAssembly',
    create: (actor) =>
      automergeReplica(
        actor,
        { name: 'text', of: { text: '' } },
        (doc, i) => {
          const { at, removed, inserted } = edits[i]!;
          Automerge.splice(doc as Automerge.Doc<{ text: string }>, ['text'], at, removed, inserted);
        },
        (doc) => String(doc.text),
      ),
  },
];

const subject = (what: string, edits: readonly Edit[]): Subject => ({
  what,
  libraries: editors(edits),
  changes: edits.length,
  sameWhenConcurrent: false,
});

const withoutAutomerge = (all: Subject): Subject => ({
  ...all,
  what: `${all.what}, ${all.changes} edits`,
  libraries: all.libraries.filter(({ name }) => name !== 'automerge'),
});

const WRITTEN = 'text written and corrected';
const SCATTERED = 'text typed at random places';
/** One after the other: a change of automerge takes milliseconds. */
const FEW = 100;
const MANY = 4_000;

export const rows: Rows = [
  () => localChanges(subject('text typed at its end', typing(FEW))),
  () => localChanges(subject(WRITTEN, writing(FEW))),
  () => remoteChanges(subject(WRITTEN, writing(FEW))),
  () => localChanges(withoutAutomerge(subject(WRITTEN, writing(MANY)))),
  () => remoteChanges(withoutAutomerge(subject(WRITTEN, writing(MANY)))),
  () => merged(subject(WRITTEN, writing(MANY))),
  () => localChanges(withoutAutomerge(subject(SCATTERED, randomPlaces(MANY)))),
  () => remoteChanges(withoutAutomerge(subject(SCATTERED, randomPlaces(MANY)))),
  () => merged(subject(SCATTERED, randomPlaces(MANY))),
  () => changeBytes(subject(WRITTEN, writing(FEW))),
  () => savedBytes(subject(WRITTEN, writing(MANY))),
  () => savedBytes(subject(SCATTERED, randomPlaces(MANY))),
  () => memory(subject(WRITTEN, writing(MANY))),
];
