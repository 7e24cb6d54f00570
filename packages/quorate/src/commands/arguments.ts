/** What may stand behind an option: each of these returns the value, or says what was expected. */
import { InvalidArgumentError } from 'commander';
import { isAddress } from '../settings.ts';

const SECONDS_MAX = 86_400;

export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
    const upTo = most === Number.MAX_SAFE_INTEGER ? 'on' : `to ${most}`;
    throw new InvalidArgumentError(`expected a whole number from ${least} ${upTo}.`);
  };
}

export function seconds(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= SECONDS_MAX) return value;
  throw new InvalidArgumentError(`expected a number of seconds above 0, at most ${SECONDS_MAX}.`);
}

export function addresses(text: string): string {
  const all = text.split(',').filter((address) => address !== '');
  if (all.length > 0 && all.every(isAddress)) return text;
  throw new InvalidArgumentError('expected host:port, one or more, separated by commas.');
}
