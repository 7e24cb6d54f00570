import { describe, expect, test } from 'vitest';
import { aimedShape } from './scenario.ts';
import { formatScenario, type LaidOut, parseScenario } from './scenario-file.ts';
import { drawShape } from './shape.ts';

const LAID_OUT: LaidOut = {
  nodes: 5,
  seconds: 3,
  families: ['kill'],
  scenario: {
    shape: { clients: 1, changesMembers: false },
    raft: { preVote: false, reads: 'lease', snapshotEntries: 20 },
    profile: { turnMs: 0.05, quality: { latency: { minMs: 1, meanMs: 2 } } },
  },
  faults: [{ kind: 'kill', atMs: 400, forMs: 20, nodes: ['@leader'] }],
};

describe('a scenario file', () => {
  test('says what was laid down in it', () => {
    expect(parseScenario(formatScenario(LAID_OUT))).toEqual(LAID_OUT);
  });

  test('may leave everything out', () => {
    expect(parseScenario('{}')).toEqual({});
  });

  test('may name some operations, and the others are drawn', () => {
    const { scenario } = parseScenario('{"scenario": {"shape": {"weights": {"put": 7}}}}');
    const drawn = drawShape('1', 3);
    expect(aimedShape(drawn, scenario!).weights).toEqual({ ...drawn.weights, put: 7 });
  });

  test.each([
    ['[]', 'the file: an object was expected'],
    ['{"seed": "1"}', 'the file has seed; there are: nodes, seconds, families, scenario, faults'],
    ['{"nodes": 0}', 'nodes: a whole number from 1 to 9 was expected, not 0'],
    ['{"seconds": 1.5}', 'seconds: a whole number'],
    ['{"families": ["fire"]}', 'families[0] is "fire"; there are: partition,'],
    ['{"families": "kill"}', 'families: a list was expected'],
    ['{"scenario": {"shape": {"clients": "two"}}}', 'scenario.shape.clients: a number was expected, not "two"'],
    ['{"scenario": {"shape": {"raft": {}}}}', 'scenario.shape has raft'],
    ['{"scenario": {"shape": {"weights": {"push": 1}}}}', 'scenario.shape.weights has push'],
    ['{"scenario": {"raft": {"reads": "fast"}}}', 'scenario.raft.reads is "fast"; there are: index, lease'],
    ['{"scenario": {"raft": {"prevote": true}}}', 'scenario.raft has prevote'],
    ['{"scenario": {"profile": {"seed": "1"}}}', 'scenario.profile has seed'],
    ['{"faults": [{"kind": "kill"}]}', 'faults: line 1 is no fault'],
  ])('is not understood when it says %s', (text, why) => {
    expect(() => parseScenario(text)).toThrow(RangeError);
    expect(() => parseScenario(text)).toThrow(why);
  });

  test('that is no JSON is said to be none', () => {
    expect(() => parseScenario('nodes: 3')).toThrow(SyntaxError);
  });
});
