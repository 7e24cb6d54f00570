import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @import { ChildProcess } from 'node:child_process' */
/** @import { RecordedFile, Request, Result, Started } from './types.ts' */

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));
/** A mutant that fills the memory ends its worker soon. */
const HEAP_MB = 768;
const LOOK_MS = 100;
/** For loading a file, before its first test. */
const LOAD_MS_MAX = 10_000;
const RECORD_MS_MAX = 600_000;
/** Whatever the processor did: on a busy machine a worker may get little of it. */
const WALL_FACTOR = 30;

/** A process that runs tests. It is started again when a mutant keeps it busy, or ends it. */
export class Worker {
  /** @type {ChildProcess | undefined} */
  #process;
  #at = 0;

  /**
   * @param {string} file
   * @param {number} mutants How many there are.
   * @returns {Promise<RecordedFile>}
   */
  async record(file, mutants) {
    const answer = await this.#ask({ kind: 'record', at: ++this.#at, file, mutants }, () => 0);
    if (answer === undefined) throw new Error(`the tests of ${file} did not end`);
    const { whileLoading, tests, failed } = /** @type {any} */ (answer);
    if (failed !== undefined) throw new Error(`the tests of ${file} cannot be run here: ${failed}`);
    return {
      whileLoading: new Map(whileLoading),
      tests: tests.map((/** @type {any} */ test) => ({ ...test, passed: new Map(test.passed) })),
    };
  }

  /**
   * @param {Omit<Request & { kind: 'try' }, 'kind' | 'at'>} request
   * @param {(file: string, test: number) => number} cpuMsMax What a test may need.
   * @returns {Promise<Result>}
   */
  async try(request, cpuMsMax) {
    const answer = await this.#ask({ kind: 'try', at: ++this.#at, ...request }, cpuMsMax);
    return /** @type {any} */ (answer ?? { outcome: 'ran-on', by: '', error: '' });
  }

  stop() {
    this.#process?.kill('SIGKILL');
    this.#process = undefined;
  }

  /**
   * The answer; undefined when the worker ended, or was ended, without one.
   *
   * @param {Request} request
   * @param {(file: string, test: number) => number} cpuMsMax
   * @returns {Promise<unknown>}
   */
  #ask(request, cpuMsMax) {
    const worker = this.#started();
    return new Promise((resolve) => {
      let startedMs = performance.now();
      let cpuBefore = cpuMsOf(worker.pid) ?? 0;
      let most = request.kind === 'record' ? RECORD_MS_MAX : LOAD_MS_MAX;
      const watch = setInterval(() => {
        const wallMs = performance.now() - startedMs;
        const cpuMs = (cpuMsOf(worker.pid) ?? wallMs) - cpuBefore;
        if (cpuMs > most || wallMs > most * WALL_FACTOR) worker.kill('SIGKILL');
      }, LOOK_MS);
      const settle = (/** @type {unknown} */ answer) => {
        clearInterval(watch);
        worker.removeAllListeners('exit').removeAllListeners('message');
        if (answer === undefined) this.#process = undefined;
        resolve(answer);
      };
      worker.on('exit', () => settle(undefined));
      worker.on('message', (/** @type {Started | { at: number }} */ answer) => {
        if (answer.at !== request.at) return;
        if (!('starts' in answer)) return settle(answer);
        startedMs = performance.now();
        cpuBefore = cpuMsOf(worker.pid) ?? 0;
        most = cpuMsMax(answer.file, answer.starts);
      });
      worker.send(request);
    });
  }

  /** @returns {ChildProcess} */
  #started() {
    this.#process ??= fork(WORKER, {
      execArgv: [`--max-old-space-size=${HEAP_MB}`],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    return this.#process;
  }
}

/**
 * Processor time that a process has used; undefined where the system does not say.
 *
 * @param {number | undefined} pid
 */
function cpuMsOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined;
  }
}
