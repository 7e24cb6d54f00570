/** Runs a script against a log on a simulated disk, lets the power fail, and compares what is found with the model. */
import type { Disk } from '@quorate/env';
import { FaultyDisk } from '@quorate/env/testing';
import { type CrashVariant, SimDisk } from '@quorate/sim/disk';
import { difference, modelStates, type Unit } from './log-model.fixture.ts';
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
export interface Progress {
  acknowledged: number;
  readonly submitted: Unit[];
  readonly released: Map<number, number>;
}

export async function run(script: Script, disk: SimDisk): Promise<Progress> {
  const progress: Progress = { acknowledged: 0, submitted: [], released: new Map() };
  await Promise.race([play(script, disk, progress), disk.crashed]);
  return progress;
}

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
  const number = progress.submitted.length;
  await persisted(store, ...unit);
  if (number !== progress.acknowledged + 1)
    throw new Error(`unit ${number} was acknowledged after ${progress.acknowledged}`);
  progress.acknowledged = number;
}

export async function ticks(): Promise<void> {
  for (let i = 0; i < 40; i++) await Promise.resolve();
}

/**
 * Plays the script on a disk whose operations take their time and end in the order that `choose` decides, and compares what is there
 * at the end.
 */
export async function playOverlapping(script: Script, choose: (waiting: number) => number): Promise<void> {
  const disk = new SimDisk({ completion: 'stepped' });
  const progress: Progress = { acknowledged: 0, submitted: [], released: new Map() };
  let done = false;
  const work = play(script, disk, progress).finally(() => {
    done = true;
  });
  while (!done) {
    await ticks();
    if (disk.waiting > 0) disk.step(choose(disk.waiting));
  }
  await work;
  const settled = disk.afterCrash({ name: 'all kept', outcomes: disk.pending().map(() => 'kept') });
  const opening = openTestLog(testEnv(settled), script.options);
  let store: LogStore | undefined;
  void opening.then((opened) => {
    store = opened;
  });
  while (store === undefined) {
    await ticks();
    settled.step();
  }
  const wrong = difference(store, modelStates(progress.submitted)[progress.acknowledged]!, progress.released);
  if (wrong !== undefined) throw new Error(wrong);
}

export interface Tally {
  crashes: number;
  variants: number;
  /** Recoveries that found exactly what was acknowledged, and more than that. */
  exact: number;
  more: number;
  torn: number;
}

/** Lets the power fail after every single operation, with every fate of what was not durable. Throws at the first violation. */
export async function crashEverywhere(script: Script, goOn: (variant: number) => boolean): Promise<Tally> {
  const tally: Tally = { crashes: 0, variants: 0, exact: 0, more: 0, torn: 0 };
  for (let count = 0; ; count++) {
    const disk = new SimDisk();
    disk.crashAfter(count);
    const progress = await run(script, disk);
    if (!disk.hasCrashed) return tally;
    tally.crashes += 1;
    for (const variant of disk.crashVariants()) {
      await examine(
        script,
        disk,
        variant,
        progress,
        tally,
        goOn(tally.variants),
        `after operation ${count}, ${variant.name}`,
      );
    }
  }
}

/**
 * The process is killed at every operation of the first script, a new one starts on what it left in the system's cache and plays the
 * second, and the power fails after every operation of that. `step`: tries only every so many pairs.
 */
export async function killThenCrashEverywhere(first: Script, second: Script, step: number): Promise<Tally> {
  const tally: Tally = { crashes: 0, variants: 0, exact: 0, more: 0, torn: 0 };
  for (let count = 0; ; count++) {
    for (let operations = count % step; ; operations += step) {
      const disk = new SimDisk();
      const mortal = new FaultyDisk(disk);
      mortal.dieAfter(count, count % 2 === 0 ? 'unsynced' : 'none');
      const progress: Progress = { acknowledged: 0, submitted: [], released: new Map() };
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
    const states = modelStates(progress.submitted);
    const kept = states.findIndex(
      (state, i) => i >= progress.acknowledged && difference(store, state, progress.released) === undefined,
    );
    if (kept < 0) throw new Error('the second life found neither what was acknowledged nor more');
    // What it has found counts: it was told to others that it is there.
    progress.submitted.length = kept;
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
  const units = await recover(script, survivor, progress, where, tally);
  if (!goOn) return;
  // The power fails again, right after the start or during it; then the log is written on.
  const again = survivor.afterCrash({ name: 'all kept', outcomes: survivor.pending().map(() => 'kept') });
  const env = testEnv(again);
  const store = await openTestLog(env, script.options);
  const unit: Unit = [request(0, { term: 1000, vote: 3, commit: 0 })];
  await persisted(store, unit[0]!);
  // Without closing: nothing tidies up behind the batch.
  const after = [...units, unit];
  const reopened = await openTestLog(env, script.options);
  const wrong = difference(reopened, modelStates(after)[after.length]!, progress.released);
  if (wrong !== undefined) throw new Error(`${where}, written on: ${wrong}`);
  await reopened.close();
}

/** Finds the units whose effects are there: all that were acknowledged, and perhaps some more, in order. */
async function recover(
  script: Script,
  disk: SimDisk,
  progress: Progress,
  where: string,
  tally: Tally,
): Promise<readonly Unit[]> {
  const store = await openTestLog(testEnv(disk), script.options);
  const states = modelStates(progress.submitted);
  let first: string | undefined;
  for (let count = progress.acknowledged; count < states.length; count++) {
    const wrong = difference(store, states[count]!, progress.released);
    first ??= wrong;
    if (wrong !== undefined) continue;
    if (count === progress.acknowledged) tally.exact += 1;
    else tally.more += 1;
    return progress.submitted.slice(0, count);
  }
  throw new Error(`${where}, ${progress.acknowledged} of ${progress.submitted.length} units acknowledged: ${first}`);
}
