import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkHistory } from '../check-history.ts';
import { readHistory } from '../formats/read-history.ts';
import { registerVocabulary } from '../formats/vocabularies.ts';
import { kvHistory, withOneFalseRead } from '../kv-history.fixture.ts';
import { kvModel } from '../models/kv.ts';
import { registerModel } from '../models/register.ts';
import { layOut } from './layout.ts';
import { renderHistory } from './render-history.ts';

const log = (...lines: string[]) => lines.map((line) => `INFO  jepsen.util - ${line}`).join('\n');
const bad = readHistory(
  log(
    '0 :invoke :write 1',
    '0 :ok :write 1',
    ':nemesis :info :cut nil',
    '1 :invoke :write 2',
    '2 :invoke :read nil',
    '2 :ok :read 2',
    '3 :invoke :read nil',
    '3 :ok :read 1',
    '1 :info :write :timed-out',
  ),
  registerVocabulary,
);
const render = (history: typeof bad): string =>
  renderHistory({
    title: 'a <history>',
    history: history.operations,
    model: registerModel,
    result: checkHistory(history.operations, registerModel),
    annotations: history.annotations,
    describeTime: (line) => `line ${line}`,
  });
const matches = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;

describe('the picture of an illegal history', () => {
  const html = render(bad);

  test('draws every operation once and marks one as refused', () => {
    expect(matches(html, /<g class="box /g)).toBe(4);
    expect(matches(html, /<g class="box refused"/g)).toBe(1);
    expect(matches(html, /<g class="box placed/g)).toBe(3);
    expect(matches(html, /<circle /g)).toBe(3);
  });
  test('tells the refused operation and the state that refused it', () => {
    expect(html).toContain('id="first-error"');
    expect(html).toContain('read → 1&#10;client 3, called at line 7, answered at line 8&#10;refused: the state is 2');
    expect(html).toContain('<li><code>read → 1</code>: refused</li>');
    expect(html).toContain(
      'write 2 → ?&#10;client 1, called at line 4, never answered&#10;number 2 in the order: 1 becomes 2',
    );
  });
  test('has a row per client and a lane for what else happened', () => {
    for (const name of ['nemesis', 'client 0', 'client 1', 'client 2', 'client 3'])
      expect(html).toContain(`>${name}</text>`);
    expect(html).toContain('<title>cut (info)</title>');
  });
  test('needs nothing else: no address is loaded', () => {
    expect(html).not.toMatch(/(?:src|href)="(?!#)|@import|url\(|https?:/);
    expect(html.startsWith('<!doctype html>')).toBe(true);
    expect(html).toContain('a &lt;history&gt;');
  });
  test('is the same every time', () => expect(render(bad)).toBe(html));
});

test('values cannot break out of the page', () => {
  const history = kvHistory({ seed: 1, clients: 1, operations: 1, keys: 1 }).map((operation) => ({
    ...operation,
    client: '</script><b>',
    input: { kind: 'put' as const, key: '"><script>alert(1)</script>', value: "'</title>\u0000" },
  }));
  const html = renderHistory({ title: '<b>', history, model: kvModel, result: checkHistory(history, kvModel) });
  expect(matches(html, /<script>/g)).toBe(1);
  expect(html).not.toContain('<b>');
  expect(html).not.toContain('\u0000');
});

test('a good history has nothing refused, and all its points on the line', () => {
  const html = render({ operations: bad.operations.slice(0, 3), annotations: [] });
  expect(html).not.toContain('id="first-error"');
  expect(matches(html, /<circle /g)).toBe(3);
});

test('of many parts the illegal one comes first, and those not drawn are named', () => {
  const history = withOneFalseRead(kvHistory({ seed: 3, clients: 4, operations: 300, keys: 30 }), 40);
  const result = checkHistory(history, kvModel);
  const html = renderHistory({ title: 'x', history, model: kvModel, result });
  expect(html).toMatch(/<h2>\d+: <span class="illegal">/);
  expect(html.indexOf('<span class="illegal">')).toBeLessThan(html.indexOf('<span class="linearizable">') >>> 0);
  expect(matches(html, /<section>/g)).toBe(8);
  expect(html).toContain('Not drawn: ');
});

test('of a long part the operations around the error are drawn', () => {
  const history = withOneFalseRead(kvHistory({ seed: 4, clients: 3, operations: 6000, keys: 1 }), 1000);
  const result = checkHistory(history, kvModel);
  const html = renderHistory({ title: 'x', history, model: kvModel, result });
  expect(matches(html, /<g class="box /g)).toBe(1000);
  expect(matches(html, /<g class="box refused/g)).toBe(1);
  expect(html).toMatch(/Not drawn: \d{3,} operations before and \d{3,} after these/);
});

test('the line runs from left to right, and through each operation between its call and its return', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 6 }), (seed, clients) => {
      const history = kvHistory({ seed, clients, operations: 40, keys: 1, unansweredOneIn: 8 });
      const [part] = checkHistory(history, kvModel, { stepsMax: 20_000 }).parts;
      const layout = layOut(history, part!);
      const placed = layout.boxes.filter((box) => box.place !== undefined).sort((a, b) => a.place! - b.place!);
      expect(layout.line.length).toBe(placed.length);
      for (const [index, point] of layout.line.entries()) {
        expect(point.column).toBeGreaterThan(index === 0 ? -1 : layout.line[index - 1]!.column);
        expect(point.column).toBeGreaterThan(placed[index]!.from);
        expect(point.column).toBeLessThan(placed[index]!.to + (placed[index]!.isAnswered ? 0 : 1));
      }
    }),
    { numRuns: 200, seed: 5 },
  );
});
