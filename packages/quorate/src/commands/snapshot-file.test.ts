import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { saveSnapshotFile } from './snapshot-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'quorate-snapshot-'));
afterAll(() => rmSync(directory, { recursive: true }));

test('a name that cannot be given leaves no part behind', async () => {
  const taken = join(directory, 'taken');
  mkdirSync(join(taken, 'full'), { recursive: true });
  await expect(saveSnapshotFile(taken, (async function* () {})())).rejects.toThrow();
  expect(readdirSync(directory)).toEqual(['taken']);
});
