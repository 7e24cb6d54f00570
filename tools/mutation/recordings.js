import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** @import { RecordedFile } from './types.ts' */

/** What tests pass without a mutant, kept from run to run while they are the same. */
export class Recordings {
  /** @type {string} */
  #file;
  /** @type {string} */
  #hash;
  /** @type {Map<string, RecordedFile>} */
  #kept = new Map();

  /** @param {string} file @param {string} hash Of the tests and of all that they import. */
  constructor(file, hash) {
    this.#file = file;
    this.#hash = hash;
    const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
    if (kept.hash !== hash) return;
    for (const { test, whileLoading, tests } of kept.recordings) {
      const restored = tests.map((/** @type {any} */ each) => ({ ...each, passed: new Map(each.passed) }));
      this.#kept.set(test, { whileLoading: new Map(whileLoading), tests: restored });
    }
  }

  /** @param {string} test @returns {RecordedFile | undefined} */
  find(test) {
    return this.#kept.get(test);
  }

  /** @param {string} test @param {RecordedFile} recorded */
  add(test, recorded) {
    if (this.#kept.has(test)) return;
    this.#kept.set(test, recorded);
    const recordings = [...this.#kept].map(([name, { whileLoading, tests }]) => ({
      test: name,
      whileLoading: [...whileLoading],
      tests: tests.map((each) => ({ ...each, passed: [...each.passed] })),
    }));
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, JSON.stringify({ hash: this.#hash, recordings }));
  }
}
