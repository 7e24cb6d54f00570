/** Many seeds, in several processes: a run takes one processor and knows nothing of the others. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runSeed, type SeedOptions, type SeedResult } from '../sim/index.ts';

export interface Ran {
  readonly run: SeedOptions;
  readonly result: SeedResult;
  /** Processor time. */
  readonly cpuMs: number;
}

/** What a worker answers. */
export type Reply =
  | { readonly kind: 'done'; readonly result: SeedResult; readonly cpuMs: number }
  | { readonly kind: 'failed'; readonly why: string };

/** Runs that may be under way or done beyond the one whose turn it is, per process. */
const AHEAD = 4;
/**
 * A run makes little that lasts: with room for it, the collector looks seldom and finds next to nothing alive. In mebibytes; a tenth to a
 * seventh less processor time than with the defaults, of which a run fills 16 at most.
 */
const HEAP = ['--min-semi-space-size=32', '--max-semi-space-size=64'];
const WORKER = fileURLToPath(new URL('./seed-worker.js', import.meta.url));

/** The results in the order of the runs, whatever order they end in. Ends the processes when the reader is done. */
export async function* runSeeds(runs: Iterable<SeedOptions>, jobs: number): AsyncGenerator<Ran, void> {
  const pool = new Pool(jobs);
  try {
    const inOrder: Promise<Ran>[] = [];
    for (const run of runs) {
      const ran = pool.run(run);
      // It is awaited in its turn.
      ran.catch(() => {});
      inOrder.push(ran);
      if (inOrder.length >= jobs * AHEAD) yield await inOrder.shift()!;
    }
    for (const ran of inOrder) yield await ran;
  } finally {
    pool.end();
  }
}

export async function runHere(run: SeedOptions): Promise<Ran> {
  const before = process.cpuUsage();
  const result = await runSeed(run);
  const { user, system } = process.cpuUsage(before);
  return { run, result, cpuMs: (user + system) / 1000 };
}

class Pool {
  readonly #workers: readonly ChildProcess[];
  readonly #idle: ChildProcess[];
  /** Runs that wait for a worker. */
  readonly #waiting: ((worker: ChildProcess) => void)[] = [];

  constructor(jobs: number) {
    // Results hold maps, which JSON would lose.
    this.#workers = Array.from({ length: jobs }, () =>
      fork(WORKER, [], { serialization: 'advanced', execArgv: [...process.execArgv, ...HEAP] }),
    );
    this.#idle = [...this.#workers];
  }

  async run(run: SeedOptions): Promise<Ran> {
    const worker = await this.#take();
    const reply = await ask(worker, run);
    this.#giveBack(worker);
    if (reply.kind === 'failed') throw new Error(`seed ${run.seed}: the simulation failed: ${reply.why}`);
    return { run, result: reply.result, cpuMs: reply.cpuMs };
  }

  #take(): Promise<ChildProcess> {
    const worker = this.#idle.pop();
    return worker === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(worker);
  }

  #giveBack(worker: ChildProcess): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(worker);
    else next(worker);
  }

  end(): void {
    for (const worker of this.#workers) worker.kill();
  }
}

function ask(worker: ChildProcess, run: SeedOptions): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const ended = (status: number | null, signal: string | null): void => {
      worker.off('message', answered);
      reject(new Error(`seed ${run.seed}: its process has ended with ${signal ?? status}`));
    };
    const answered = (reply: unknown): void => {
      worker.off('exit', ended);
      resolve(reply as Reply);
    };
    worker.once('exit', ended);
    worker.once('message', answered);
    worker.send(run);
  });
}
