import { describe, expect, test } from 'vitest';
import { Endpoints, formatAddress, parseAddress } from './endpoints.ts';

describe('an address', () => {
  test.each(['127.0.0.1:7410', 'node-1.example:1', '[::1]:65535', '[fe80::1%eth0]:1'])(
    '%s is read and written alike',
    (text) => {
      expect(formatAddress(parseAddress(text))).toBe(text);
    },
  );

  test.each(['', 'host', 'host:', ':1', 'host:65536', 'host:1:2', '::1:7410', 'a b:1', '/a:1', '[host]:1'])(
    '"%s" is refused, and named',
    (text) => {
      expect(() => parseAddress(text)).toThrow(`"${text}" is not an address`);
    },
  );
});

describe('endpoints', () => {
  const address = (host: string) => ({ host, port: 1 });

  test('are taken in turn, and one that was no good only when there is no other', () => {
    const endpoints = new Endpoints([address('a'), address('b')], 0);
    expect([1, 2, 3].map(() => endpoints.next(undefined).host)).toEqual(['a', 'b', 'a']);
    expect(endpoints.next(address('b')).host).toBe('a');
    expect(endpoints.next(address('b')).host).toBe('a');
    expect(new Endpoints([address('a')], 5).next(address('a')).host).toBe('a');
  });

  test('that were given stay, those that were learnt follow the membership', () => {
    const endpoints = new Endpoints([address('a')], 0);
    endpoints.learn([address('a'), address('b'), address('c')]);
    expect(endpoints.count).toBe(3);
    endpoints.learn([address('c')]);
    expect([1, 2, 3, 4].map(() => endpoints.next(undefined).host).sort()).toEqual(['a', 'a', 'c', 'c']);
  });
});
