import { expect, test } from 'vitest';
import { Trace, type TraceMode } from './trace.ts';

const filled = (mode: TraceMode): Trace => {
  const trace = new Trace(mode);
  for (let i = 0; i < 5; i++) trace.add({ timeMs: i, node: 'a', kind: 'mark', text: `${i}` });
  return trace;
};

test('a ring keeps the last entries, oldest first', () => {
  const trace = filled({ last: 3 });
  expect(trace.entries().map((entry) => entry.text)).toEqual(['2', '3', '4']);
  expect(trace.dropped).toBe(2);
  expect(filled({ last: 0 }).entries()).toEqual([]);
});

test('a full trace keeps all, and none keeps none', () => {
  expect(filled('full').format().split('\n')).toHaveLength(5);
  expect(filled('full').format()).toContain('4.000 a        mark 4');
  expect(filled('off').entries()).toEqual([]);
});
