/** The simulated disk does what real files do, as far as a program can see that no power failure interrupts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Disk, File } from '@quorate/env';
import { createNodeEnv } from '@quorate/env/node';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { SimDisk } from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'quorate-sim-'));
const real = createNodeEnv({ log: { level: 'silent' } });
afterAll(() => {
  real[Symbol.dispose]();
  rmSync(root, { recursive: true });
});

const path = fc.constantFrom('/f', '/g', '/d/f', '/d/g', '/e/f');
const directory = fc.constantFrom('/d', '/d/e', '/e', '');
const handle = fc.nat(1);
const position = fc.constantFrom(0, 1, 3, 511, 512, 700);
const length = fc.constantFrom(0, 1, 4, 600);

const step = fc.oneof(
  fc.record({ do: fc.constant('makeDirectory' as const), directory }),
  fc.record({ do: fc.constant('list' as const), directory }),
  fc.record({ do: fc.constant('exists' as const), path }),
  fc.record({
    do: fc.constant('open' as const),
    path,
    handle,
    mode: fc.constantFrom('read', 'write', 'create', 'create'),
  }),
  fc.record({ do: fc.constant('rename' as const), path, to: path }),
  fc.record({ do: fc.constant('remove' as const), path }),
  fc.record({ do: fc.constant('syncDirectory' as const), directory }),
  fc.record({ do: fc.constant('size' as const), handle }),
  fc.record({ do: fc.constant('read' as const), handle, position, length }),
  fc.record({
    do: fc.constant('write' as const),
    handle,
    position,
    length: fc.constantFrom(1, 4, 600),
    byte: fc.nat(255),
  }),
  fc.record({ do: fc.constant('truncate' as const), handle, length }),
  fc.record({ do: fc.constantFrom('sync' as const, 'close' as const), handle }),
);
type Write = { do: 'write' | 'writeDurably'; handle: number; position: number; length: number; byte: number };
type Step = (typeof step extends fc.Arbitrary<infer T> ? T : never) | Write;

/** So that most steps find something. */
const PRELUDE: readonly Step[] = [
  { do: 'makeDirectory', directory: '/d' },
  { do: 'open', path: '/f', handle: 0, mode: 'create' },
  { do: 'open', path: '/d/g', handle: 1, mode: 'create' },
  { do: 'writeDurably', handle: 0, position: 0, length: 600, byte: 1 },
  { do: 'writeDurably', handle: 1, position: 0, length: 4, byte: 2 },
];

/** Carries out the steps, and says what each gave. */
async function play(disk: Disk, base: string, steps: readonly Step[]): Promise<string[]> {
  const handles: (File | undefined)[] = [];
  const seen: string[] = [];
  for (const each of steps) {
    try {
      const result = await carryOut(disk, base, handles, each);
      seen.push(`${each.do}: ${result instanceof Uint8Array ? result.join() : JSON.stringify(result)}`);
    } catch (error) {
      seen.push(`${each.do}: ${refusal((error as { code?: string }).code ?? String(error))}`);
    }
  }
  for (const file of handles) await file?.close();
  return seen;
}

/** Systems disagree on how they refuse a write through a handle that is for reading or closed. */
function refusal(code: string): string {
  return code === 'permission-denied' || code === 'closed' || code === 'other' ? 'misuse' : code;
}

async function carryOut(disk: Disk, base: string, handles: (File | undefined)[], each: Step): Promise<unknown> {
  switch (each.do) {
    case 'makeDirectory':
      return disk.makeDirectory(base + each.directory);
    case 'list':
      return disk.list(base + each.directory);
    case 'exists':
      return disk.exists(base + each.path);
    case 'open': {
      const file = await disk.open(base + each.path, each.mode as 'read');
      await handles[each.handle]?.close();
      handles[each.handle] = file;
      return undefined;
    }
    case 'rename':
      return disk.rename(base + each.path, base + each.to);
    case 'remove':
      return disk.remove(base + each.path);
    case 'syncDirectory':
      return disk.syncDirectory(base + each.directory);
    default:
      return onFile(handles[each.handle], each);
  }
}

async function onFile(file: File | undefined, each: Extract<Step, { handle: number }>): Promise<unknown> {
  if (file === undefined) return 'no file';
  switch (each.do) {
    case 'size':
      return file.size();
    case 'read':
      return file.read(each.position, each.length);
    case 'write':
    case 'writeDurably':
      return file[each.do]([new Uint8Array(each.length).fill(each.byte)], each.position);
    case 'truncate':
      return file.truncate(each.length);
    case 'sync':
    case 'close':
      return file[each.do]();
    default:
      return undefined;
  }
}

test('any list of operations gives the same results on simulated and on real files', async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const all = [...PRELUDE, ...steps];
      const base = join(root, String(runs++));
      await real.disk.makeDirectory(base);
      const simulated = new SimDisk();
      await simulated.makeDirectory('/base');
      expect(await play(simulated, '/base', all)).toEqual(await play(real.disk, base, all));
    }),
    { numRuns: 150, seed: 7 },
  );
});
