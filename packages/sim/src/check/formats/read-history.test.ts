import { describe, expect, test } from 'vitest';
import { readHistory } from './read-history.ts';
import { kvVocabulary, registerVocabulary } from './vocabularies.ts';

const register = (text: string) => readHistory(text, registerVocabulary);
const kv = (text: string) => readHistory(text, kvVocabulary);
const log = (...lines: string[]) => lines.map((line) => `INFO  jepsen.util - ${line}`).join('\n');

describe('a register log', () => {
  test('pairs calls with answers by process and keeps line numbers as times', () => {
    const { operations } = register(
      log('0\t:invoke\t:write\t4', '1\t:invoke\t:read\tnil', '0\t:ok\t:write\t4', '1\t:ok\t:read\t4'),
    );
    expect(operations).toEqual([
      { client: 0, input: { kind: 'write', value: 4 }, output: { kind: 'written' }, call: 1, return: 3 },
      { client: 1, input: { kind: 'read' }, output: { kind: 'read', value: 4 }, call: 2, return: 4 },
    ]);
  });
  test.each([
    ['0 :fail :cas [1 2]', { output: { kind: 'cas', swapped: false }, return: 2 }],
    ['0 :ok :cas [1 2]', { output: { kind: 'cas', swapped: true }, return: 2 }],
    ['0 :info :cas :timed-out', { output: undefined, return: Infinity }],
    ['0 :fail :cas :timed-out', { output: undefined, return: Infinity }],
  ])('a cas that ends with "%s"', (end, expected) => {
    expect(register(log('0 :invoke :cas [1 2]', end)).operations).toMatchObject([expected]);
  });
  test('a read that timed out is an unknown read', () => {
    const { operations } = register(log('0 :invoke :read nil', '0 :fail :read :timed-out', '0 :invoke :read nil'));
    expect(operations.map((operation) => operation.output)).toEqual([undefined, undefined]);
  });
  test('a write that failed for certain is left out', () => {
    const { operations } = register(
      log('0 :invoke :write 1', '0 :fail :write 1', '0 :invoke :read nil', '0 :ok :read nil'),
    );
    expect(operations).toMatchObject([{ input: { kind: 'read' }, output: { value: undefined } }]);
  });
  test('an operation without any answer stays open', () => {
    expect(register(log('0 :invoke :write 1')).operations).toMatchObject([{ output: undefined, return: Infinity }]);
  });
  test('other loggers and blank lines are passed over, other processes become annotations', () => {
    const text = `\nINFO  jepsen.core - Worker 0 starting\n${log(':nemesis :info :start "cut"', '0 :invoke :read nil')}\r\n`;
    expect(register(text)).toMatchObject({
      operations: [{ call: 4 }],
      annotations: [{ lane: 'nemesis', text: 'start (info)', from: 3 }],
    });
  });
  test('may also be EDN maps, tagged and with other fields', () => {
    const text =
      '#jepsen.history.Op{:index 0, :time 12.5, :type :invoke, :process 0, :f :cas, :value [nil 1], :ok? true}\n' +
      '{:type :ok :process 0 :f :cas :value [nil 1]}';
    expect(register(text).operations).toMatchObject([{ input: { kind: 'cas', from: undefined, to: 1 }, return: 2 }]);
  });
});

describe('a key-value log', () => {
  test('keeps keys and values as they are, escapes included', () => {
    const text =
      '{:process 0, :type :invoke, :f :append, :key "a b", :value "x \\"0\\" \\\\ \\u00e9\\n"}\n' +
      '{:process 0, :type :ok, :f :append, :key "a b", :value "x"}\n' +
      '{:process 1, :type :invoke, :f :get, :key "a b", :value nil}\n' +
      '{:process 1, :type :ok, :f :get, :key "a b", :value ""}';
    expect(kv(text).operations).toEqual([
      {
        client: 0,
        input: { kind: 'append', key: 'a b', value: 'x "0" \\ é\n' },
        output: { kind: 'done' },
        call: 1,
        return: 2,
      },
      { client: 1, input: { kind: 'get', key: 'a b' }, output: { kind: 'value', value: '' }, call: 3, return: 4 },
    ]);
  });
});

describe('a history that cannot be read is refused with the line and what was expected:', () => {
  test.each<[name: string, text: string, line: number, message: string]>([
    ['nothing', '', 0, 'no operations in it'],
    ['another format', `${log('0 :invoke :read nil')}\nhello`, 2, 'expected "{:process …}" or "INFO  jepsen.util -'],
    [
      'a second call',
      log('0 :invoke :read nil', '0 :invoke :read nil'),
      2,
      'process 0 still waits for its call of line 1',
    ],
    ['no call', log('0 :ok :read nil'), 1, 'process 0 gets an answer without a call'],
    ['another answer', log('0 :invoke :read nil', '0 :ok :write 1'), 2, ':write answers the :read of line 1'],
    ['an unknown operation', log('0 :invoke :push 1'), 1, ":push is none of the register's"],
    ['an unknown type', log('0 :begin :read nil'), 1, 'expected one of :invoke, :ok, :fail, :info'],
    ['a cas of one', log('0 :invoke :cas [1]'), 1, ':cas needs [from to]'],
    ['a read of a map', log('0 :invoke :read nil', '0 :ok :read {:a 1}'), 2, ':read needs a number, a string or nil'],
    ['a cut line', '{:process 0, :type :invoke, :f :re', 1, 'column 35: expected more: the line ends early'],
    ['a cut string', '{:process 0, :value "abc', 1, 'expected a value'],
    ['a map without a process', '{:type :invoke, :f :read}', 1, 'expected a field :process'],
    ['an odd map', '{:process}', 1, 'a value for every key'],
    ['two maps', '{:process 0, :type :invoke, :f :read} {}', 1, 'expected one map {…} on the line'],
    ['deep brackets', `{:a ${'['.repeat(100)}`, 1, 'at most 32 levels'],
    ['a stray bracket', '{:a ]}', 1, 'a value before "]"'],
  ])('%s', (_name, text, line, message) => {
    expect(() => register(text)).toThrow(expect.objectContaining({ line, message: expect.stringContaining(message) }));
  });
  test('a key-value line without a key', () => {
    expect(() => kv('{:process 0, :type :invoke, :f :get, :value nil}')).toThrow(':get needs a string as :key');
  });
});
