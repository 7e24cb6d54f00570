/** Runs a script against a log on a simulated disk, lets the power fail, and compares what is found with the model. */
import type { Disk } from '@quorate/env';
import { FaultyDisk } from '@quorate/env/testing';
import { type CrashVariant, SimDisk } from '@quorate/sim/disk';
import { difference, type ModelState, modelAfter, type Unit } from './log-model.fixture.ts';
import type { LogStoreOptions } from './log-store.ts';
import { openTestLog, persisted, request, type TestEnv, testEnv } from './storage.fixture.ts';
import { GroupId, type LogStore } from './types.ts';

export type Step =
  /** Waits until the unit is durable. */
  | { readonly kind: 'persist'; readonly unit: Unit }
  /** Does not wait: the next step is queued behind it. */
  | { readonly kind: 'queue'; readonly unit: Unit }
  | { readonly kind: 'release'; readonly group: number; readonly index: number }
  /** Idle for so long that the last batch is sealed. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'reopen' };

export interface Script {
  readonly steps: readonly Step[];
  readonly options: Partial<LogStoreOptions>;
}

/** What the script had done when it ended or the power failed. */
interface Progress {
  acknowledged: number;
  readonly submitted: Unit[];
  /** What the log must hold after none of the units, after the first, the second, … */
  readonly states: ModelState[];
  readonly released: Map<number, number>;
}

const newProgress = (): Progress => ({ acknowledged: 0, submitted: [], states: [new Map()], released: new Map() });

async function play(script: Script, disk: Disk, progress: Progress): Promise<void> {
  const env = testEnv(disk);
  await steps(script, await openTestLog(env, script.options), env, progress);
}

async function steps(script: Script, opened: LogStore, env: TestEnv, progress: Progress): Promise<void> {
  let store = opened;
  for (const step of script.steps) {
    if (step.kind === 'persist' || step.kind === 'queue') {
      const done = persist(store, step.unit, progress);
      if (step.kind === 'persist') await done;
    } else if (step.kind === 'release') {
      progress.released.set(step.group, step.index);
      store.release(GroupId.of(step.group), step.index);
    } else if (step.kind === 'idle') {
      env.fireTimers();
      await ticks();
    } else {
      await store.close();
      store = await openTestLog(env, script.options);
    }
  }
  await store.close();
}

async function persist(store: LogStore, unit: Unit, progress: Progress): Promise<void> {
  progress.submitted.push(unit);
  progress.states.push(modelAfter(progress.states.at(-1)!, unit));
  const number = progress.submitted.length;
  await persisted(store, ...unit);
  if (number !== progress.acknowledged + 1)
    throw new Error(`unit ${number} was acknowledged after ${progress.acknowledged}`);
  progress.acknowledged = number;
}

/** Long enough for all that follows on an operation, up to the next ones. */
async function ticks(): Promise<void> {
  for (let i = 0; i < 40; i++) await Promise.resolve();
}

export interface Tally {
  crashes: number;
  variants: number;
  /** Recoveries that found exactly what was acknowledged, and more than that. */
  exact: number;
  more: number;
  torn: number;
}

const newTally = (): Tally => ({ crashes: 0, variants: 0, exact: 0, more: 0, torn: 0 });

export interface CrashOptions {
  /** After every so many recoveries the log is also written on and opened again. */
  readonly goOnEvery: number;
  /** Which of the operations that are under way ends next. Default: the oldest. */
  readonly choose?: (waiting: number) => number;
}

/**
 * Lets the power fail after every single operation, with every fate of what was not durable. Rejects at the first violation. The script
 * is played once: after each operation, all that could be found is tried on copies of the disk.
 */
export async function crashEverywhere(script: Script, options: CrashOptions): Promise<Tally> {
  const tally = newTally();
  const disk = new SimDisk({ completion: 'stepped' });
  const progress = newProgress();
  let ended = false;
  const work = play(script, disk, progress).finally(() => {
    ended = true;
  });
  for (let operations = -1; !ended; await ticks()) {
    if (disk.operations > operations) {
      operations = disk.operations;
      tally.crashes += 1;
      for (const variant of disk.crashVariants()) {
        const goOn = tally.variants % options.goOnEvery === 0;
        await examine(script, disk, variant, progress, tally, goOn, `after operation ${operations}, ${variant.name}`);
      }
    }
    if (disk.waiting > 0) disk.step(options.choose?.(disk.waiting));
  }
  await work;
  return tally;
}

/**
 * The process is killed at every operation of the first script, a new one starts on what it left in the system's cache and plays the
 * second, and the power fails after every operation of that. `step`: tries only every so many pairs.
 */
export async function killThenCrashEverywhere(first: Script, second: Script, step: number): Promise<Tally> {
  const tally = newTally();
  for (let count = 0; ; count++) {
    for (let operations = count % step; ; operations += step) {
      const disk = new SimDisk();
      const mortal = new FaultyDisk(disk);
      mortal.dieAfter(count, count % 2 === 0 ? 'unsynced' : 'none');
      const progress = newProgress();
      const ended = await Promise.race([play(first, mortal, progress).then(() => true), mortal.died.then(() => false)]);
      if (ended) return tally;
      disk.crashAfter(operations);
      const settled = await secondLife(second, disk, progress);
      if (settled) break;
      tally.crashes += 1;
      for (const variant of disk.crashVariants()) {
        const where = `killed at ${count}, power failed after ${operations} more, ${variant.name}`;
        await examine(second, disk, variant, progress, tally, false, where);
      }
    }
  }
}

/** True when it came to its end before the power failed. What the first life left unacknowledged may be there or not. */
async function secondLife(script: Script, disk: SimDisk, progress: Progress): Promise<boolean> {
  const work = async (): Promise<boolean> => {
    const store = await openTestLog(testEnv(disk), script.options);
    const kept = progress.states.findIndex(
      (state, i) => i >= progress.acknowledged && difference(store, state, progress.released) === undefined,
    );
    if (kept < 0) throw new Error('the second life found neither what was acknowledged nor more');
    // What it has found counts: it was told to others that it is there.
    progress.submitted.length = kept;
    progress.states.length = kept + 1;
    progress.acknowledged = kept;
    await steps(script, store, testEnv(disk), progress);
    return true;
  };
  return Promise.race([work(), disk.crashed.then(() => false)]);
}

async function examine(
  script: Script,
  disk: SimDisk,
  variant: CrashVariant,
  progress: Progress,
  tally: Tally,
  goOn: boolean,
  where: string,
): Promise<void> {
  tally.variants += 1;
  if (variant.outcomes.some((outcome) => typeof outcome === 'object')) tally.torn += 1;
  const survivor = disk.afterCrash(variant);
  const { store, state } = await recover(script, survivor, progress, where, tally);
  if (!goOn) return;
  const unit: Unit = [request(0, { term: 1000, vote: 3, commit: 0 })];
  await finished(survivor, persisted(store, unit[0]!));
  // Without closing: nothing tidies up behind the batch.
  do await ticks();
  while (survivor.step());
  const reopened = await finished(survivor, openTestLog(testEnv(survivor), script.options));
  const wrong = difference(reopened, modelAfter(state, unit), progress.released);
  if (wrong !== undefined) throw new Error(`${where}, written on: ${wrong}`);
}

/** Finds the units whose effects are there: all that were acknowledged, and perhaps some more, in order. */
async function recover(
  script: Script,
  disk: SimDisk,
  progress: Progress,
  where: string,
  tally: Tally,
): Promise<{ readonly store: LogStore; readonly state: ModelState }> {
  const store = await finished(disk, openTestLog(testEnv(disk), script.options));
  let first: string | undefined;
  for (let count = progress.acknowledged; count < progress.states.length; count++) {
    const state = progress.states[count]!;
    const wrong = difference(store, state, progress.released);
    first ??= wrong;
    if (wrong !== undefined) continue;
    if (count === progress.acknowledged) tally.exact += 1;
    else tally.more += 1;
    return { store, state };
  }
  throw new Error(`${where}, ${progress.acknowledged} of ${progress.submitted.length} units acknowledged: ${first}`);
}

/** What `work` resolves with, once the disk has carried out all that it asks for. */
async function finished<T>(disk: SimDisk, work: Promise<T>): Promise<T> {
  let ended = false;
  const watched = work.finally(() => {
    ended = true;
  });
  // Its end is looked at often enough: most operations need only a few turns to lead to the next.
  for (let idle = 0; !ended; idle++) {
    if (disk.step()) idle = 0;
    else if (idle > 1000) throw new Error('the disk has nothing to do, and the work does not end');
    await Promise.resolve();
  }
  return watched;
}
