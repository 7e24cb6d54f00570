/**
 * What an exploration found, as text to read: golden files that show what each rule is there for. `REWRITE=1` in front of the test's command
 * rewrites them; commit only a difference that you can explain.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Explored } from './explorer.fixture.ts';

export function story(title: string, { violation, states }: Explored): string {
  if (violation === undefined) return `# ${title}\n\nall ${states} states are sound\n`;
  return `# ${title}\n\n${violation.trace.slice(1).join('\n')}\n=> ${violation.what}\n`;
}

/** That the file tells this story, which begins with its title, as it is told now. */
export function expectGolden(file: string, told: string): void {
  const stories = storiesIn(file);
  const [title] = told.split('\n', 1);
  const found = stories.findIndex((each) => each.startsWith(`${title}\n`));
  const at = found < 0 ? stories.length : found;
  if (process.env['REWRITE'] !== undefined) {
    stories[at] = told;
    writeFileSync(fileOf(file), stories.join('\n'));
  }
  expect(told).toBe(stories[at]);
}

/** The titles of all stories in a file: one that nobody tells any more must go. */
export function titlesIn(file: string): string[] {
  return storiesIn(file).map((each) => each.slice('# '.length, each.indexOf('\n')));
}

const fileOf = (file: string): URL => new URL(`./testdata/${file}`, import.meta.url);
const storiesIn = (file: string): string[] => readFileSync(fileOf(file), 'utf8').split(/\n(?=# )/);
