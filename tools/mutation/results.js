import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** @import { Mutant, Result } from './types.ts' */

/** A mutant by what it is, not by where its line happens to stand. @param {Pick<Mutant, 'path' | 'function' | 'original' | 'mutated' | 'nth'>} mutant */
export const keyOf = (mutant) => [mutant.path, mutant.function, mutant.original, mutant.mutated, mutant.nth].join('\n');

/** @typedef {Result & { readonly key: string, readonly source: string, readonly tests: string }} Kept A result, with hashes of what it is about. */

/** What became of mutants, kept from run to run: a line of JSON for each. */
export class Results {
  /** @type {string} */
  #file;
  /** @type {Map<string, Kept>} */
  #kept = new Map();

  /** @param {string} file @param {{ readonly isFresh: boolean }} options */
  constructor(file, { isFresh }) {
    this.#file = file;
    if (isFresh) rmSync(file, { force: true });
    if (!existsSync(file)) return;
    const text = readFileSync(file, 'utf8');
    // The last line of a run that was ended may be cut short.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole !== text) writeFileSync(file, whole);
    for (const line of whole.split('\n')) if (line !== '') this.#keep(JSON.parse(line));
  }

  /** @param {Kept} kept */
  #keep(kept) {
    this.#kept.set(kept.key, kept);
  }

  /**
   * What is known of a mutant. A test that failed would fail again; that none did is true for these tests only.
   *
   * @param {string} key
   * @param {string} source
   * @param {string} tests
   * @returns {Result | undefined}
   */
  find(key, source, tests) {
    const kept = this.#kept.get(key);
    if (kept === undefined || kept.source !== source) return undefined;
    return kept.tests === tests || kept.outcome === 'killed' || kept.outcome === 'ran-on' ? kept : undefined;
  }

  /** @param {Kept} kept */
  add(kept) {
    this.#keep(kept);
    mkdirSync(dirname(this.#file), { recursive: true });
    appendFileSync(this.#file, `${JSON.stringify(kept)}\n`);
  }
}
