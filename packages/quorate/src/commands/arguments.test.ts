import { expect, test } from 'vitest';
import { addresses, seconds, wholeNumber } from './arguments.ts';

test.each(['abc', '', ' ', '-1', '1.5', 'NaN', 'Infinity', '9007199254740992'])('"%s" is no whole number', (text) => {
  expect(() => wholeNumber(0)(text)).toThrow('expected a whole number from 0 on.');
});
test('a whole number lies within its bounds', () => {
  expect(wholeNumber(1, 9)('9')).toBe(9);
  expect(() => wholeNumber(1, 9)('10')).toThrow('expected a whole number from 1 to 9.');
  expect(() => wholeNumber(1, 9)('0')).toThrow('expected a whole number from 1 to 9.');
});
test.each(['abc', '', '0', '-1', 'Infinity', '86401'])('"%s" is no number of seconds', (text) => {
  expect(() => seconds(text)).toThrow('expected a number of seconds above 0, at most 86400.');
});
test('seconds may have a fraction', () => expect(seconds('0.25')).toBe(0.25));
test.each(['', ',', 'foo', 'foo:bar', 'a:99999', 'http://a:1', 'a:1,b'])('"%s" is no list of addresses', (text) => {
  expect(() => addresses(text)).toThrow('expected host:port, one or more, separated by commas.');
});
test('addresses are names or numbers, with a port', () => {
  for (const text of ['a:1', '127.0.0.1:7410,[::1]:65535,']) expect(addresses(text)).toBe(text);
});
