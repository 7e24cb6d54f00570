import { describe, expect, test } from 'vitest';
import { type CoreNodeConfig, checkConfig, NodeConfigError } from './config.ts';
import { clusterIdOf, founderIdOf } from './index.ts';

const good: CoreNodeConfig = {
  name: 'a',
  dataDirectory: '/data',
  listen: { host: '127.0.0.1', port: 7410 },
  initialCluster: { a: '127.0.0.1:7410', b: '127.0.0.1:7420' },
};

describe('a configuration', () => {
  test('that is complete is taken', () => {
    expect(() => checkConfig(good)).not.toThrow();
    expect(() => checkConfig({ ...good, initialCluster: {}, join: ['127.0.0.1:1'] })).not.toThrow();
  });

  const wrong: [keyof CoreNodeConfig, Partial<CoreNodeConfig>, RegExp][] = [
    ['name', { name: '' }, /not empty/],
    ['dataDirectory', { dataDirectory: 'data' }, /absolute path, got "data"/],
    ['listen', { listen: { host: '127.0.0.1', port: 70_000 } }, /port from 0 to 65535/],
    ['listen', { listen: { host: '127.0.0.1', port: 0 } }, /for a single node/],
    ['advertise', { advertise: 'nowhere' }, /"nowhere" is not an address/],
    ['initialCluster', { initialCluster: { b: '127.0.0.1:1' } }, /must name this node, a: it names b/],
    ['initialCluster', { initialCluster: { a: 'x' } }, /"x" is not an address/],
    ['initialCluster', { initialCluster: { a: 'h:1', b: 'h:1' } }, /same address/],
    ['join', { join: ['127.0.0.1:1'] }, /either founds a cluster or joins one/],
    ['quotaBytes', { quotaBytes: 0 }, /above 0, got 0/],
  ];
  test.each(wrong)('with a wrong %s is refused, naming it', (key, change, message) => {
    const attempt = (): void => checkConfig({ ...good, ...change });
    expect(attempt).toThrow(NodeConfigError);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(new RegExp(`^${key}: `));
  });
});

describe('ids', () => {
  test('of a cluster depend on its founders and its token, not on the order in which they are given', () => {
    const id = clusterIdOf({ a: 'h:1', b: 'h:2' }, 't');
    expect(clusterIdOf({ b: 'h:2', a: 'h:1' }, 't')).toBe(id);
    expect(clusterIdOf({ a: 'h:1', b: 'h:2' }, 'u')).not.toBe(id);
    expect(clusterIdOf({ a: 'h:1', b: 'h:3' }, 't')).not.toBe(id);
  });

  test('of members are safe integers above 0, and differ', () => {
    const ids = Array.from({ length: 5000 }, (_, i) => founderIdOf(i % 50, `node-${i}`));
    expect(ids.every((id) => Number.isSafeInteger(id) && id > 0)).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
