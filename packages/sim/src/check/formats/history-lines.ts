import { type Edn, type EdnMap, isMap, Keyword, readEdn, Symbolic } from './edn.ts';
import { HistoryFormatError } from './history-format-error.ts';

const TYPES = ['invoke', 'ok', 'fail', 'info'] as const;

/** One line of an operation log: a process began something (`invoke`), or learned how it ended. */
export interface HistoryLine {
  /** From 1. */
  readonly line: number;
  /** A number for a client; a name for others, such as `nemesis`. */
  readonly process: number | string;
  /** `fail`: it did not happen. `info`: it may have happened. */
  readonly type: (typeof TYPES)[number];
  readonly f: string;
  readonly key: Edn | undefined;
  readonly value: Edn | undefined;
}

/**
 * Reads an operation log as Jepsen writes it, either as EDN maps (`{:process 0, :type :invoke, :f :put, :key "0", :value "x"}`) or as
 * lines of its log (`INFO  jepsen.util - 0 :invoke :cas [1 2]`). Lines of other loggers are passed over. Throws
 * `HistoryFormatError`.
 */
export function readHistoryLines(text: string): readonly HistoryLine[] {
  const lines: HistoryLine[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const content = raw.trim();
    if (content === '' || content.startsWith(';')) continue;
    const parsed =
      content.startsWith('{') || content.startsWith('#') ? fromMap(content, index + 1) : fromLog(content, index + 1);
    if (parsed !== undefined) lines.push(parsed);
  }
  return lines;
}

function fromMap(content: string, line: number): HistoryLine {
  const [map, ...rest] = valuesOf(content, line);
  if (!isMap(map) || rest.length > 0) throw new HistoryFormatError(line, 'expected one map {…} on the line');
  return checked(line, {
    process: field(map, 'process', line),
    type: field(map, 'type', line),
    f: field(map, 'f', line),
    key: map.get('key'),
    value: map.get('value'),
  });
}

const LOG_LINE = /^(?:\S+ \S+ )?(?:TRACE|DEBUG|INFO|WARN|ERROR)\s+(\S+)\s+-\s+(.*)$/;

function fromLog(content: string, line: number): HistoryLine | undefined {
  const match = LOG_LINE.exec(content);
  if (match === null) {
    throw new HistoryFormatError(
      line,
      `expected "{:process …}" or "INFO  jepsen.util - <process> :invoke :read nil", got ${JSON.stringify(content.slice(0, 80))}`,
    );
  }
  if (match[1] !== 'jepsen.util') return undefined;
  const [process, type, f, value] = valuesOf(match[2] as string, line);
  return checked(line, { process, type, f, key: undefined, value });
}

function valuesOf(content: string, line: number): readonly Edn[] {
  try {
    return readEdn(content);
  } catch (error) {
    throw new HistoryFormatError(line, error instanceof Error ? error.message : String(error));
  }
}

function field(map: EdnMap, name: string, line: number): Edn {
  const value = map.get(name);
  if (value === undefined) throw new HistoryFormatError(line, `expected a field :${name}`);
  return value;
}

function checked(
  line: number,
  { process, type, f, key, value }: Readonly<Record<'process' | 'type' | 'f' | 'key' | 'value', Edn | undefined>>,
): HistoryLine {
  const named = process instanceof Keyword || process instanceof Symbolic ? process.name : process;
  if (typeof named !== 'number' && typeof named !== 'string') {
    throw new HistoryFormatError(line, 'expected a process number');
  }
  const known = TYPES.find((candidate) => type instanceof Keyword && type.name === candidate);
  if (known === undefined)
    throw new HistoryFormatError(line, 'expected one of :invoke, :ok, :fail, :info after the process');
  if (!(f instanceof Keyword)) throw new HistoryFormatError(line, 'expected the operation, such as :read');
  return { line, process: named, type: known, f: f.name, key, value };
}
