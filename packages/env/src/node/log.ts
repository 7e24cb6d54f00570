import type { Log, LogFields } from '../log.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
export type LogFormat = 'pretty' | 'json';

export interface NodeLogOptions {
  /** Default `info`. */
  readonly level?: LogLevel;
  /** Default `pretty` when standard error is a terminal, `json` otherwise. */
  readonly format?: LogFormat;
  /** Added to every line. */
  readonly fields?: LogFields;
  /** Takes whole lines, each with its line end. Default standard error. */
  readonly write?: (line: string) => void;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 };
const COLOUR: Readonly<Record<string, string>> = { debug: '90', info: '36', warn: '33', error: '31' };

export class NodeLog implements Log {
  readonly #rank: number;
  readonly #format: LogFormat;
  readonly #colours: boolean;
  readonly #fields: LogFields;
  readonly #write: (line: string) => void;

  constructor(options: NodeLogOptions = {}) {
    const terminal = options.write === undefined && process.stderr.isTTY === true;
    this.#rank = RANK[options.level ?? 'info'];
    this.#format = options.format ?? (terminal ? 'pretty' : 'json');
    this.#colours = terminal && process.env['NO_COLOR'] === undefined;
    this.#fields = options.fields ?? {};
    this.#write = options.write ?? ((line) => void process.stderr.write(line));
  }

  debug(message: string, fields?: LogFields): void {
    this.#line('debug', message, fields);
  }
  info(message: string, fields?: LogFields): void {
    this.#line('info', message, fields);
  }
  warn(message: string, fields?: LogFields): void {
    this.#line('warn', message, fields);
  }
  error(message: string, fields?: LogFields): void {
    this.#line('error', message, fields);
  }

  #line(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields: LogFields | undefined): void {
    if (RANK[level] < this.#rank) return;
    const time = new Date().toISOString();
    const all = { ...this.#fields, ...fields };
    if (this.#format === 'json') {
      this.#write(`${JSON.stringify({ time, level, message, ...all })}\n`);
      return;
    }
    const shown = Object.entries(all)
      .filter(([, value]) => value !== undefined)
      .map(
        ([name, value]) =>
          ` ${name}=${typeof value === 'string' && /[\s"=]/.test(value) ? JSON.stringify(value) : value}`,
      )
      .join('');
    const label = level.padEnd(5);
    const painted = this.#colours ? `\u001b[${COLOUR[level]}m${label}\u001b[0m` : label;
    this.#write(`${time.slice(11, 23)} ${painted} ${message}${shown}\n`);
  }
}
