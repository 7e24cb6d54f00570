import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { type CheckCommandOptions, runCheck } from './check.ts';

const directory = mkdtempSync(join(tmpdir(), 'quorate-check-'));
afterAll(() => rmSync(directory, { recursive: true }));

const file = (name: string, ...lines: string[]): string => {
  const path = join(directory, name);
  writeFileSync(path, lines.map((line) => (line.startsWith('{') ? line : `INFO  jepsen.util - ${line}`)).join('\n'));
  return path;
};
const good = file('good', '0 :invoke :write 1', '0 :ok :write 1', '0 :invoke :read nil', '0 :ok :read 1');
const bad = file('bad', '0 :invoke :write 1', '0 :ok :write 1', '0 :invoke :read nil', '0 :ok :read 2');
const cut = file('cut', '0 :invoke :write 1', '0 :ok');
/** Concurrent appends that no order explains: their orders are more than can be tried. */
const endless = file(
  'endless',
  ...Array.from({ length: 40 }, (_, i) => `{:process ${i}, :type :invoke, :f :append, :key "k", :value "${i} "}`),
  ...Array.from({ length: 40 }, (_, i) => `{:process ${i}, :type :ok, :f :append, :key "k", :value "${i} "}`),
  '{:process 0, :type :invoke, :f :get, :key "k", :value nil}',
  '{:process 0, :type :ok, :f :get, :key "k", :value "no"}',
);

async function check(files: readonly string[], options: Partial<CheckCommandOptions> = {}) {
  const [out, err]: [string[], string[]] = [[], []];
  const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  return { status: await runCheck(files, { model: 'register', ...options }, io), out, err };
}

describe('the exit status', () => {
  test('is 0 when all are linearizable', async () => {
    const { status, out, err } = await check([good, good]);
    expect(status).toBe(0);
    expect(out).toHaveLength(2);
    expect(out[0]).toMatch(/good: linearizable, 2 operations, \d+ ms$/);
    expect(err).toEqual([]);
  });
  test('is 1 when one is not, and the line says which operation', async () => {
    const { status, out } = await check([good, bad]);
    expect(status).toBe(1);
    expect(out[1]).toMatch(/bad: not linearizable, 2 operations, \d+ ms; refused: read → 2 \(lines 3 to 4\)$/);
  });
  test('is 2 when one cannot be read, and the message names the file and the line', async () => {
    const { status, err } = await check([good, cut]);
    expect(status).toBe(2);
    expect(err).toEqual([`${cut}:2: unreadable as a register history: expected the operation, such as :read`]);
  });
  test('is 2 when the time is up: unknown is not yes', async () => {
    const { status, out } = await check([endless], { model: 'kv', timeoutSeconds: 0.05 });
    expect(status).toBe(2);
    expect(out[0]).toMatch(/endless: unknown, 41 operations, \d+ ms; gave up after 0.05 s/);
  });
  test('is 1 rather than 2 when there is both', async () => {
    expect((await check([cut, bad, good])).status).toBe(1);
  });
  test.each([
    ['no such file', [join(directory, 'absent')], {}, 'no such file'],
    ['a directory', [directory], {}, 'a directory'],
    ['a file of the other model', [endless], {}, ':1: unreadable as a register history: :append is none of'],
    ['an empty file', [file('empty')], {}, 'no operations in it'],
    ['an unknown model', [good], { model: 'queue' }, '--model: expected register or kv, got queue'],
    ['no files', [], {}, 'expected one or more files'],
    ['no time', [good], { timeoutSeconds: Number.NaN }, '--timeout: expected a positive number'],
  ])('is 2 for %s', async (_name, files, options, message) => {
    const { status, err } = await check(files, options);
    expect(status).toBe(2);
    expect(err.join()).toContain(message);
  });
});

describe('the picture', () => {
  const target = join(directory, 'picture.html');
  test('shows the first history that is not linearizable', async () => {
    const { status, out } = await check([good, bad], { html: target });
    expect(status).toBe(1);
    expect(out.at(-1)).toBe(`${target}: picture of ${bad}`);
    expect(readFileSync(target, 'utf8')).toContain('id="first-error"');
  });
  test('that cannot be written is an error', async () => {
    const { status, err } = await check([good], { html: join(directory, 'absent', 'x.html') });
    expect(status).toBe(2);
    expect(err[0]).toContain('the picture could not be written');
  });
});

const shared = fileURLToPath(new URL('../../../../../shared/data/histories/', import.meta.url));
if (!existsSync(shared)) console.warn(`Skipped: no histories with known verdicts in ${shared}`);
describe.skipIf(!existsSync(shared))('the histories with known verdicts', () => {
  test('are all judged right, well within five seconds', async () => {
    const verdicts = JSON.parse(readFileSync(join(shared, 'verdicts.json'), 'utf8')) as Record<string, boolean>;
    const names = readdirSync(shared).filter((name) => name in verdicts);
    const byModel = {
      register: names.filter((name) => name.endsWith('.log')),
      kv: names.filter((name) => name.endsWith('.txt')),
    };
    let milliseconds = 0;
    for (const [model, own] of Object.entries(byModel)) {
      const { out, status } = await check(
        own.map((name) => join(shared, name)),
        { model },
      );
      expect(status).toBe(1);
      expect(out.map((line) => !line.includes('not linearizable'))).toEqual(own.map((name) => verdicts[name]));
      milliseconds += out.reduce((sum, line) => sum + Number(/(\d+) ms/.exec(line)?.[1]), 0);
    }
    expect(milliseconds).toBeLessThan(5000);
  });
});
