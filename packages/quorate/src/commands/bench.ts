/** `quorate bench`: a simple load on a running cluster. What it writes it deletes; the history of that stays until the next compaction. */
import { type Client, CoreError } from '@quorate/cluster/client';
import { Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from './arguments.ts';
import { Latencies, type LatencySummary } from './bench-latencies.ts';
import { type ClientFlags, endpointsOption, timeoutOption, withClients } from './with-client.ts';

export interface Load {
  /** Connections. */
  readonly clients: number;
  /** Requests that each of them keeps going. */
  readonly inFlight: number;
  readonly seconds: number;
  readonly valueBytes: number;
  /** How many of the requests are linearizable reads, from 0 to 1. */
  readonly reads: number;
}

export interface LoadReport extends Load {
  /** How long it really took. */
  readonly elapsedSeconds: number;
  readonly perSecond: number;
  readonly writes: LatencySummary;
  readonly readLatencies: LatencySummary;
  /** Failed requests by code. */
  readonly errors: Readonly<Record<string, number>>;
}

const KEYS = 1000;
/** A request that was refused at once is not to be followed by another one at once. */
const AFTER_ERROR_MS = 100;

function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('expected a share from 0 to 1.');
}

export function benchCommand(): Command {
  return new Command('bench')
    .description('load a running cluster for a while, and say how fast it answered; deletes what it wrote')
    .addOption(endpointsOption())
    .addOption(timeoutOption())
    .option('--clients <count>', 'connections', wholeNumber(1, 1000), 1)
    .option('--in-flight <count>', 'requests that each client keeps going', wholeNumber(1, 4096), 100)
    .option('--seconds <count>', 'how long', wholeNumber(1, 86_400), 10)
    .option('--value-bytes <count>', 'size of each value', wholeNumber(0, 1024 * 1024), 256)
    .option('--reads <share>', 'share of linearizable reads, from 0 to 1', fraction, 0)
    .option('--json', 'machine-readable', false)
    .action(async ({ json, ...flags }: ClientFlags & Load & { json: boolean }) => {
      process.exitCode = await withClients(flags, flags.clients, async (clients, signal) => {
        const { clients: count, inFlight, seconds, valueBytes, reads } = flags;
        const report = await run(clients, { clients: count, inFlight, seconds, valueBytes, reads }, signal);
        process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : table(report));
        if (signal.aborted) return 130;
        return Object.keys(report.errors).length === 0 ? 0 : 1;
      });
    });
}

async function run(clients: readonly Client[], load: Load, signal: AbortSignal): Promise<LoadReport> {
  const prefix = `quorate-bench/${process.pid}-${Date.now().toString(36)}/`;
  const keys = Array.from({ length: KEYS }, (_, i) => `${prefix}${i}`);
  const first = clients[0]!;
  try {
    const value = new Uint8Array(load.valueBytes).fill(0x78);
    if (load.reads > 0) await Promise.all(keys.map((key) => first.put(key, value)));
    return await new Run(load, keys, value, signal).report(clients);
  } finally {
    await first.delete({ prefix });
  }
}

class Run {
  readonly #load: Load;
  readonly #keys: readonly string[];
  readonly #value: Uint8Array;
  readonly #signal: AbortSignal;
  readonly #writes = new Latencies();
  readonly #reads = new Latencies();
  readonly #errors: Record<string, number> = {};
  #started = 0;

  constructor(load: Load, keys: readonly string[], value: Uint8Array, signal: AbortSignal) {
    this.#load = load;
    this.#keys = keys;
    this.#value = value;
    this.#signal = signal;
  }

  async report(clients: readonly Client[]): Promise<LoadReport> {
    const began = performance.now();
    const end = began + this.#load.seconds * 1000;
    const { inFlight } = this.#load;
    const workers = clients.flatMap((client) => Array.from({ length: inFlight }, () => this.#work(client, end)));
    await Promise.all(workers);
    const elapsedSeconds = (performance.now() - began) / 1000;
    const [writes, reads] = [this.#writes.summary, this.#reads.summary];
    const perSecond = Math.round((writes.count + reads.count) / elapsedSeconds);
    return { ...this.#load, elapsedSeconds, perSecond, writes, readLatencies: reads, errors: this.#errors };
  }

  async #work(client: Client, end: number): Promise<void> {
    while (!this.#signal.aborted) {
      const before = performance.now();
      if (before >= end) return;
      const key = this.#keys[this.#started++ % KEYS]!;
      const isRead = Math.random() < this.#load.reads;
      try {
        await (isRead ? client.get(key) : client.put(key, this.#value));
        (isRead ? this.#reads : this.#writes).note(performance.now() - before);
      } catch (error) {
        if (!(error instanceof CoreError)) throw error;
        this.#errors[error.code] = (this.#errors[error.code] ?? 0) + 1;
        await new Promise((resolve) => setTimeout(resolve, AFTER_ERROR_MS));
      }
    }
  }
}

function table(report: LoadReport): string {
  const { clients, inFlight, valueBytes, elapsedSeconds, perSecond, writes, readLatencies, errors } = report;
  const lines = [
    `${clients} clients × ${inFlight} in flight, values of ${valueBytes} bytes, ${elapsedSeconds.toFixed(1)} s`,
    `${perSecond.toLocaleString('en-US')} requests/s`,
  ];
  for (const [name, one] of [
    ['writes', writes],
    ['reads', readLatencies],
  ] as const) {
    if (one.count === 0) continue;
    const { p50Ms, p90Ms, p99Ms, maxMs } = one;
    const shown = [p50Ms, p90Ms, p99Ms, maxMs].map((ms) => ms.toFixed(2));
    lines.push(`${name}  ${one.count}  p50 ${shown[0]} ms  p90 ${shown[1]} ms  p99 ${shown[2]} ms  max ${shown[3]} ms`);
  }
  const failed = Object.entries(errors).map(([code, count]) => `${count} ${code}`);
  lines.push(`errors  ${failed.join(', ') || 'none'}`);
  return `${lines.join('\n')}\n`;
}
