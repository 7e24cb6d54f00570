import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type CheckResult, checkHistory } from './check-history.ts';
import { readHistory } from './formats/read-history.ts';
import { kvVocabulary, registerVocabulary } from './formats/vocabularies.ts';
import { kvModel } from './models/kv.ts';
import { registerModel } from './models/register.ts';
import type { Verdict } from './operation.ts';

const own = new URL('./testdata/', import.meta.url);
/** Beside the repository; not part of it. */
const shared = new URL('../../../../../shared/data/histories/', import.meta.url);
const isPresent = existsSync(shared);
if (!isPresent) console.warn(`Skipped: no histories with known verdicts in ${fileURLToPath(shared)}`);

const verdictOf = (good: boolean): Verdict => (good ? 'linearizable' : 'illegal');
const isRegister = (file: string): boolean => /^(etcd|register)/.test(basename(file));

/** `flipped`: the place, among answered reads, of one that gets a value nobody wrote. */
function check(file: URL, flipped?: number): CheckResult {
  const text = readFileSync(file, 'utf8');
  let reads = 0;
  if (isRegister(file.pathname)) {
    const { operations } = readHistory(text, registerVocabulary);
    const changed = operations.map((operation) =>
      operation.output?.kind === 'read' && reads++ === flipped
        ? { ...operation, output: { kind: 'read' as const, value: 1_000_003 } }
        : operation,
    );
    return checkHistory(changed, registerModel);
  }
  const { operations } = readHistory(text, kvVocabulary);
  const changed = operations.map((operation) =>
    operation.output?.kind === 'value' && reads++ === flipped
      ? { ...operation, output: { kind: 'value' as const, value: 'nobody wrote this' } }
      : operation,
  );
  return checkHistory(changed, kvModel);
}

describe('our own histories', () => {
  test.each(readdirSync(own))('%s is judged as its name says', (name) => {
    expect(check(new URL(name, own)).verdict).toBe(verdictOf(name.includes('-ok')));
  });
});

describe.skipIf(!isPresent)('the histories with known verdicts', () => {
  const verdicts = isPresent
    ? (JSON.parse(readFileSync(new URL('verdicts.json', shared), 'utf8')) as Record<string, boolean>)
    : {};
  const good = Object.keys(verdicts).filter((name) => verdicts[name] === true);

  test.each(Object.entries(verdicts))('%s: linearizable is %s', (name, expected) => {
    expect(check(new URL(name, shared)).verdict).toBe(verdictOf(expected));
  });

  test('none of them is left out', () => {
    const files = readdirSync(shared).filter((name) => /\.(log|txt)$/.test(name));
    expect(files.sort()).toEqual(Object.keys(verdicts).sort());
    expect(files.length).toBeGreaterThan(50);
  });

  test.each(good)('%s is refused once a single read is falsified', (name) => {
    const file = new URL(name, shared);
    for (let flipped = 0; flipped < 12; flipped += 1) {
      expect(check(file, flipped).verdict, `${basename(name)} with read ${flipped} changed`).toBe('illegal');
    }
  });

  test('all of them take few steps', () => {
    const steps = Object.keys(verdicts).reduce((sum, name) => sum + check(new URL(name, shared)).steps, 0);
    expect(steps).toBeLessThan(100_000);
  });
});
