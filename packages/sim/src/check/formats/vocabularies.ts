import type { KvInput, KvOutput } from '../models/kv.ts';
import type { RegisterInput, RegisterOutput, RegisterValue } from '../models/register.ts';
import { type Edn, isVector, Keyword } from './edn.ts';
import { HistoryFormatError } from './history-format-error.ts';
import type { HistoryLine } from './history-lines.ts';
import type { Ending, Vocabulary } from './read-history.ts';

/** `:read nil`, `:write 3`, `:cas [1 2]`; `:fail :cas [1 2]` means that the register held something else. */
export const registerVocabulary: Vocabulary<RegisterInput, RegisterOutput> = {
  input(line) {
    switch (line.f) {
      case 'read':
        return { kind: 'read' };
      case 'write':
        return { kind: 'write', value: registerValue(line, line.value) };
      case 'cas': {
        const pair = line.value;
        if (!isVector(pair) || pair.length !== 2) throw wrong(line, ':cas needs [from to]');
        return { kind: 'cas', from: registerValue(line, pair[0]), to: registerValue(line, pair[1]) };
      }
      default:
        throw wrong(line, `:${line.f} is none of the register's :read, :write, :cas`);
    }
  },
  ending(input, line): Ending<RegisterOutput> {
    if (line.type === 'ok') return { kind: 'answered', output: registerAnswer(input, line) };
    if (input.kind === 'cas' && line.type === 'fail' && isVector(line.value)) {
      return { kind: 'answered', output: { kind: 'cas', swapped: false } };
    }
    return withoutAnswer(line);
  },
};

function registerAnswer(input: RegisterInput, line: HistoryLine): RegisterOutput {
  if (input.kind === 'read') return { kind: 'read', value: registerValue(line, line.value) };
  return input.kind === 'write' ? { kind: 'written' } : { kind: 'cas', swapped: true };
}

function registerValue(line: HistoryLine, value: Edn | undefined): RegisterValue {
  if (value === null) return undefined;
  if (typeof value === 'number' || typeof value === 'string') return value;
  throw wrong(line, `:${line.f} needs a number, a string or nil`);
}

/** `:get`, `:put` and `:append` of strings, with a `:key`. */
export const kvVocabulary: Vocabulary<KvInput, KvOutput> = {
  input(line) {
    const { f } = line;
    if (f !== 'get' && f !== 'put' && f !== 'append') throw wrong(line, `:${f} is none of :get, :put, :append`);
    const key = text(line, 'key');
    return f === 'get' ? { kind: f, key } : { kind: f, key, value: text(line, 'value') };
  },
  ending(input, line): Ending<KvOutput> {
    if (line.type !== 'ok') return withoutAnswer(line);
    return {
      kind: 'answered',
      output: input.kind === 'get' ? { kind: 'value', value: text(line, 'value') } : { kind: 'done' },
    };
  },
};

function text(line: HistoryLine, name: 'key' | 'value'): string {
  const value = line[name];
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw wrong(line, `:${line.f} needs a string as :${name}`);
}

/** A failure is certain, but one that is called a time-out is not: nobody who waits in vain knows what happened. */
function withoutAnswer(line: HistoryLine): Ending<never> {
  const timedOut = line.value instanceof Keyword && /time/.test(line.value.name);
  return { kind: line.type === 'fail' && !timedOut ? 'not-applied' : 'unknown' };
}

const wrong = (line: HistoryLine, message: string): HistoryFormatError => new HistoryFormatError(line.line, message);
