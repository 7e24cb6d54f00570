/**
 * A kernel with its disk, as a machine to explore. What the kernel asks to be made durable waits in a queue; "syncs" makes the oldest durable
 * and lets go what waited for it; "crashes" loses memory and queue, and starts again from the disk.
 */
import type { Machine, Moved, Sent } from './explorer.fixture.ts';
import type { SendEffect } from './send-effect.ts';

/** Tickets go on from here when the kernel is made again for its next step. */
interface Ticketed {
  readonly ticket: number;
}

type PersistEffect = { readonly kind: 'persist'; readonly ticket: number };

export interface HostedKernel<Memory extends Ticketed, Disk, Message, Effect extends { readonly kind: string }, Seen> {
  readonly disk: Disk;
  /** What a start from this disk gives, after so many crashes. */
  start(disk: Disk, crashes: number): Memory;
  receive(memory: Memory, from: number, message: Message, out: Effect[]): Memory;
  /** What it can do by itself, besides `syncs` and `crashes`. */
  moves?(memory: Memory): readonly { readonly name: string; readonly run: (out: Effect[]) => Memory }[];
  write(disk: Disk, effect: Extract<Effect, PersistEffect>): Disk;
  see(memory: Memory, disk: Disk): Seen;
  /** Whether the message will change nothing from now on, a crash included. */
  spent?(memory: Memory, message: Message, disk: Disk): boolean;
  checkStep?(before: { memory: Memory; disk: Disk }, after: { memory: Memory; disk: Disk }): string | undefined;
}

export interface Hosting {
  /** `waits`: a write takes its time, and a crash loses what is under way. `at once`: every write is durable as soon as it is asked for. */
  readonly disk: 'waits' | 'at once';
  /** How often it may crash; Infinity for whenever it likes. */
  readonly crashesMax: number;
}

export interface Hosted<Memory extends Ticketed, Disk, Effect> {
  readonly memory: Memory;
  readonly disk: Disk;
  readonly queue: readonly Effect[];
  readonly crashes: number;
}

export function host<Memory extends Ticketed, Disk, Message, Effect extends { readonly kind: string }, Seen>(
  kernel: HostedKernel<Memory, Disk, Message, Effect, Seen>,
  { disk: kindOfDisk, crashesMax }: Hosting,
): Machine<Hosted<Memory, Disk, Effect>, Message, Seen> {
  type Local = Hosted<Memory, Disk, Effect>;
  const settle = (local: Local, effects: readonly Effect[]): Moved<Local, Message> => {
    let moved = flush({ ...local, queue: enqueue(local.queue, effects) });
    while (kindOfDisk === 'at once' && moved.local.queue.length > 0) moved = sync(moved, kernel.write);
    return moved as Moved<Local, Message>;
  };
  const run = (local: Local, step: (out: Effect[]) => Memory): Moved<Local, Message> => {
    const out: Effect[] = [];
    const memory = step(out);
    return settle({ ...local, memory }, out);
  };
  const crash = (local: Local): Moved<Local, Message> => ({
    local: {
      memory: kernel.start(local.disk, local.crashes + 1),
      disk: local.disk,
      queue: [],
      crashes: Number.isFinite(crashesMax) ? local.crashes + 1 : 0,
    },
    sent: [],
  });
  const checkStep = kernel.checkStep?.bind(kernel);
  return {
    initial: { local: { memory: kernel.start(kernel.disk, 0), disk: kernel.disk, queue: [], crashes: 0 }, sent: [] },
    key: ({ memory, disk, queue, crashes }) => JSON.stringify([relative(memory, queue), disk, crashes]),
    receive: (local, from, message) => run(local, (out) => kernel.receive(local.memory, from, message, out)),
    moves: (local) => [
      ...(kernel.moves?.(local.memory) ?? []).map(({ name, run: move }) => ({ name, moved: run(local, move) })),
      ...(local.queue.length === 0
        ? []
        : [{ name: 'syncs', moved: sync({ local, sent: [] }, kernel.write) as Moved<Local, Message> }]),
      ...(local.crashes < crashesMax ? [{ name: 'crashes', moved: crash(local) }] : []),
    ],
    see: ({ memory, disk }) => kernel.see(memory, disk),
    spent: ({ memory, disk, queue }, message) => queue.length === 0 && (kernel.spent?.(memory, message, disk) ?? false),
    ...(checkStep !== undefined && { checkStep }),
  };
}

/** A message that waits already need not wait twice. */
function enqueue<Effect extends { readonly kind: string }>(
  queue: readonly Effect[],
  effects: readonly Effect[],
): Effect[] {
  const shown = new Set(queue.map((effect) => JSON.stringify(effect)));
  const wanted = effects.filter((effect) => effect.kind === 'persist' || effect.kind === 'send');
  return [...queue, ...wanted.filter((effect) => !shown.has(JSON.stringify(effect)))];
}

type Write<Disk, Effect> = (disk: Disk, effect: Extract<Effect, PersistEffect>) => Disk;

/** Sends what stands before the first write in the queue. Messages that wait are behind the write they wait for. */
function flush<Memory extends Ticketed, Disk, Effect extends { readonly kind: string }>(
  local: Hosted<Memory, Disk, Effect>,
): Moved<Hosted<Memory, Disk, Effect>, unknown> {
  const writing = local.queue.some(({ kind }) => kind === 'persist');
  const sends = local.queue.filter((effect) => effect.kind === 'send') as unknown as SendEffect<unknown>[];
  const oldest = local.queue.find(({ kind }) => kind === 'persist') as unknown as PersistEffect | undefined;
  const ready = sends.filter(({ after }) => !writing || after < oldest!.ticket);
  const sent: Sent<unknown>[] = ready.map(({ to, message }) => ({ to, message }));
  return { local: { ...local, queue: local.queue.filter((effect) => !ready.includes(effect as never)) }, sent };
}

/** The oldest write reaches the disk. */
function sync<Memory extends Ticketed, Disk, Effect extends { readonly kind: string }>(
  { local, sent }: Moved<Hosted<Memory, Disk, Effect>, unknown>,
  write: Write<Disk, Effect>,
): Moved<Hosted<Memory, Disk, Effect>, unknown> {
  const at = local.queue.findIndex(({ kind }) => kind === 'persist');
  const disk = write(local.disk, local.queue[at] as Extract<Effect, PersistEffect>);
  const flushed = flush({ ...local, disk, queue: local.queue.filter((_, place) => place !== at) });
  return { local: flushed.local, sent: [...sent, ...flushed.sent] };
}

/** Tickets count from the end: what happened before the queue makes no difference to what can happen. */
function relative<Memory extends Ticketed, Effect>(memory: Memory, queue: readonly Effect[]): unknown[] {
  const { ticket: last } = memory;
  const shown = queue.map((effect) => {
    const { ticket, after, ...rest } = effect as { ticket?: number; after?: number };
    return [rest, ticket === undefined ? after! - last : ticket - last];
  });
  return [{ ...memory, ticket: 0 }, shown];
}
