import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMessage, encodeMessage } from './status.ts';
import { formatTimeout, parseTimeout } from './timeout.ts';

describe('grpc-message', () => {
  test('carries printable ASCII as it is and all else percent-encoded', () => {
    expect(encodeMessage('etcdserver: key is not provided')).toBe('etcdserver: key is not provided');
    expect(encodeMessage('100% é\n')).toBe('100%25 %C3%A9%0A');
  });
  test('broken escapes are kept', () => {
    expect(decodeMessage('50% off %zz %4')).toBe('50% off %zz %4');
  });
  test('comes back as it was', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 });
    fc.assert(
      fc.property(text, (message) => {
        const encoded = encodeMessage(message);
        expect(encoded).toMatch(/^[ -~]*$/);
        expect(decodeMessage(encoded)).toBe(message);
      }),
      { seed: 2 },
    );
  });
});

describe('grpc-timeout', () => {
  test('knows all units', () => {
    expect(['2H', '3M', '4S', '5m', '6u', '7n'].map(parseTimeout)).toEqual([
      7_200_000, 180_000, 4000, 5, 0.006, 0.000007,
    ]);
  });
  test('anything else is no timeout', () => {
    for (const bad of ['', '5', 'm', '-1S', '1.5S', '123456789m', '5 m', '5s'])
      expect(parseTimeout(bad)).toBeUndefined();
  });
  test('is never written shorter than it is', () => {
    expect([0.2, 1500, 99_999_999, 200_000_000].map(formatTimeout)).toEqual(['1m', '1500m', '99999999m', '200000S']);
  });
});
