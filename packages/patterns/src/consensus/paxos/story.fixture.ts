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

export function expectGolden(file: string, text: string): void {
  const url = new URL(`./testdata/${file}`, import.meta.url);
  if (process.env['REWRITE'] !== undefined) writeFileSync(url, text);
  expect(text).toBe(readFileSync(url, 'utf8'));
}
