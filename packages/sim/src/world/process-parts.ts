import type { Log, LogFields, Random, RandomStream } from '@quorate/env';
import { type Seed, SeededStream } from '../random/index.ts';
import type { SimNode } from './sim-node.ts';

/** Streams by name, a function of the run's seed, the node, how often it has been started, and the name. */
export class ProcessRandom implements Random {
  readonly #seed: Seed;
  readonly #streams = new Map<string, SeededStream>();

  constructor(seed: Seed) {
    this.#seed = seed;
  }

  stream(name: string): RandomStream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = new SeededStream(this.#seed, name);
      this.#streams.set(name, stream);
    }
    return stream;
  }
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export class ProcessLog implements Log {
  readonly #node: SimNode;

  constructor(node: SimNode) {
    this.#node = node;
  }

  debug(message: string, fields?: LogFields): void {
    this.#node.logged('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#node.logged('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#node.logged('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#node.logged('error', message, fields);
  }
}
