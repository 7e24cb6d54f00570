/**
 * As much of vitest as tests of kernels use, without its process and its reports: a file's tests can be run again and again, thousands of
 * times in one process. `expect` is vitest's own.
 */
import { ASYMMETRIC_MATCHERS_OBJECT, chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';

/** @typedef {() => unknown} Body */
/** @typedef {{ readonly name: string, readonly before: Body[], readonly after: Body[] }} Suite */

/** @typedef {{ readonly name: string, readonly body: Body, readonly suites: readonly Suite[] }} Test */

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);
/** @type {any} */
const expect = (/** @type {unknown} */ value, /** @type {string | undefined} */ message) => chai.expect(value, message);
Object.assign(expect, chai.expect, /** @type {any} */ (globalThis)[ASYMMETRIC_MATCHERS_OBJECT]);

/**
 * The tests that `define` names when it is given this interface.
 *
 * @param {(api: Record<string, unknown>) => void} define
 * @returns {Test[]}
 */
export function collectTests(define) {
  /** @type {Test[]} */
  const tests = [];
  /** @type {Suite[]} */
  const suites = [{ name: '', before: [], after: [] }];
  /** @param {string} name @param {...unknown} rest */
  const test = (name, ...rest) => {
    const body = /** @type {Body} */ (rest.find((each) => typeof each === 'function'));
    const full = [...suites.map((suite) => suite.name), name].filter((part) => part !== '').join(' > ');
    tests.push({ name: full, body, suites: [...suites] });
  };
  /** @param {string} name @param {() => void} body */
  const describe = (name, body) => {
    suites.push({ name, before: [], after: [] });
    body();
    suites.pop();
  };
  const hooks = {
    beforeEach: (/** @type {Body} */ hook) => void suites.at(-1)?.before.push(hook),
    afterEach: (/** @type {Body} */ hook) => void suites.at(-1)?.after.push(hook),
  };
  define({ expect, test: withEach(test), it: withEach(test), describe: withEach(describe), ...hooks });
  return tests;
}

/**
 * @param {(name: string, body: any) => void} register
 */
function withEach(register) {
  /** @param {readonly unknown[]} cases */
  const each = (cases) => (/** @type {string} */ name, /** @type {(...values: unknown[]) => unknown} */ body) => {
    for (const [index, values] of cases.entries()) {
      register(`${name} (${index})`, () => (Array.isArray(values) ? body(...values) : body(values)));
    }
  };
  return Object.assign(register, { each });
}
