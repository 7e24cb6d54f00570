/** The questions that are asked of every replicated type. */
import type { Library, Replica } from './replicas.ts';
import type { Row, TimedSide } from './row.ts';

export interface Subject {
  readonly what: string;
  readonly libraries: readonly Library[];
  /** Changes of each replica. */
  readonly changes: number;
  /** Whether all agree on the value when two actors changed at once. They need not where an order between them is arbitrary. */
  readonly sameWhenConcurrent: boolean;
}

function changed({ create }: Library, actor: number, changes: number): { replica: Replica; sent: Uint8Array[] } {
  const replica = create(actor);
  const sent = Array.from({ length: changes }, (_, i) => replica.change(i));
  return { replica, sent };
}

const changedAtOnce = ({ create }: Library, actor: number, changes: number): Replica => {
  const replica = create(actor);
  replica.changeAll(changes);
  return replica;
};

/** What a run does, and the value that comes of it. */
const finish = (replica: Replica, value: unknown = undefined): unknown => {
  replica.free?.();
  return value;
};

/** `of` prepares a side: all that is not to be timed. Values are compared before. */
function row(
  { what, libraries, changes }: Subject,
  name: string,
  of: (library: Library) => () => Replica,
  options: { readonly ops?: number; readonly reads?: boolean; readonly same?: boolean } = {},
): Row {
  const sides = libraries.map((library): TimedSide & { make: () => Replica } => {
    const make = of(library);
    const { name, kind } = library;
    return {
      name,
      ...(kind && { kind }),
      make,
      run: () => {
        const replica = make();
        return finish(replica, options.reads ? replica.read() : undefined);
      },
    };
  });
  return {
    measures: 'time',
    what: `${what}: ${name}`,
    ops: options.ops ?? changes,
    sides,
    verify: () => {
      const values = sides.map(({ make }) => JSON.stringify(make().value()));
      const differing = sides.filter((_, at) => options.same !== false && values[at] !== values[0]);
      if (differing.length > 0)
        throw new Error(`${what}: ${name}: ${differing[0]!.name} has another value than ${sides[0]!.name}`);
    },
  };
}

export const localChanges = (subject: Subject): Row =>
  row(subject, 'change here, and its bytes', (library) => () => changed(library, 1, subject.changes).replica);

export const remoteChanges = (subject: Subject): Row =>
  row(subject, 'a change from elsewhere', (library) => {
    const { sent } = changed(library, 1, subject.changes);
    return () => {
      const replica = library.create(2);
      for (const bytes of sent) replica.apply(bytes);
      return replica;
    };
  });

export const merged = (subject: Subject): Row =>
  row(
    subject,
    `two states of ${subject.changes} changes become one, and are read`,
    (library) => {
      const [here, there] = [1, 2].map((actor) => changedAtOnce(library, actor, subject.changes).save());
      return () => {
        const replica = library.create(3);
        replica.apply(here!);
        replica.apply(there!);
        return replica;
      };
    },
    { ops: 1, reads: true, same: subject.sameWhenConcurrent },
  );

export const savedBytes = ({ what, libraries, changes }: Subject): Row => ({
  measures: 'bytes',
  what: `${what}: bytes of the state after ${changes} changes`,
  aim: 1,
  sides: libraries.map((library) => ({
    ...library,
    bytes: () => changedAtOnce(library, 1, changes).save().length,
  })),
});

export const changeBytes = ({ what, libraries, changes }: Subject): Row => ({
  measures: 'bytes',
  what: `${what}: bytes of a change, the last of ${changes}`,
  aim: 1,
  sides: libraries.map((library) => ({ ...library, bytes: () => changed(library, 1, changes).sent.at(-1)!.length })),
});

/** Without WebAssembly: its memory grows in large steps that nobody counts, so that what one document takes cannot be told. */
export const memory = ({ what, libraries, changes }: Subject): Row => ({
  measures: 'memory',
  what: `${what}: memory after ${changes} changes`,
  sides: libraries
    .filter(({ kind }) => kind === undefined)
    .map((library) => ({
      ...library,
      hold: () => changedAtOnce(library, 1, changes),
    })),
});
