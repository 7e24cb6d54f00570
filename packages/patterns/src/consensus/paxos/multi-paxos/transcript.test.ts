/**
 * Golden transcripts. `REWRITE=1 npx vitest run packages/patterns/src/consensus/paxos/multi-paxos/transcript.test.ts` rewrites what came of the
 * commands; commit only a difference that you can explain.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { play } from './transcript.fixture.ts';

const directory = new URL('./testdata/', import.meta.url);

describe('transcripts', () => {
  for (const name of readdirSync(directory)) {
    test(name, () => {
      const file = new URL(name, directory);
      const text = readFileSync(file, 'utf8');
      const played = play(text);
      if (process.env['REWRITE'] === undefined) expect(played).toBe(text);
      else writeFileSync(file, played);
    });
  }
});
