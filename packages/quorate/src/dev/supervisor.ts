/** Keeps one process per node running: restarts what dies, merges what they say, stops all of them. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface SupervisedNode {
  readonly name: string;
  readonly arguments: readonly string[];
}

export interface SupervisorOptions {
  readonly nodes: readonly SupervisedNode[];
  /** The script each process runs. */
  readonly script: string;
  /** Receives whole lines of the nodes' output and of the supervisor's own remarks. */
  readonly line: (node: string, text: string) => void;
  /** Every node has reported that it is ready, for the first time. */
  readonly ready: () => void;
  /** A node ended, before it was ever ready, with a status that a restart cannot mend. */
  readonly hopeless: (node: string, status: number) => void;
}

/** What `quorate serve` tells its parent. */
export interface ServeMessage {
  /** `removed`: the node belongs to the cluster no more, and its process ends. */
  readonly kind: 'ready' | 'removed';
}

/** A process that ends with this status says that starting it again is useless (usage, configuration, a port in use). */
export const HOPELESS_STATUS = 2;

const BACK_OFF_MS = { first: 200, most: 5_000 };
/** A process that lived this long is restarted without back-off. */
const HEALTHY_AFTER_MS = 10_000;
const STOP_PATIENCE_MS = 10_000;

class Supervised {
  readonly node: SupervisedNode;
  child: ChildProcess | undefined;
  wasReady = false;
  wasRemoved = false;
  backOffMs: number = BACK_OFF_MS.first;
  restart: NodeJS.Timeout | undefined;
  constructor(node: SupervisedNode) {
    this.node = node;
  }
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #all: readonly Supervised[];
  #stopping = false;
  #announced = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#all = options.nodes.map((node) => new Supervised(node));
  }

  start(): void {
    for (const supervised of this.#all) this.#spawn(supervised);
  }

  pidOf(name: string): number | undefined {
    return this.#all.find(({ node }) => node.name === name)?.child?.pid;
  }

  /** Asks all to stop, insists after ten seconds, resolves when all have ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      this.#all.map(async ({ child, restart }) => {
        clearTimeout(restart);
        if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        const insist = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS);
        await ended;
        clearTimeout(insist);
      }),
    );
  }

  /** Ends all at once, without their leave. */
  kill(): void {
    this.#stopping = true;
    for (const { child } of this.#all) child?.kill('SIGKILL');
  }

  #spawn(supervised: Supervised): void {
    const startedAt = performance.now();
    const { name } = supervised.node;
    // A process group of its own: Ctrl-C in the terminal reaches the supervisor alone, which then stops all in order. A child whose
    // supervisor is gone sees the channel close, and stops by itself.
    const child = fork(this.#options.script, supervised.node.arguments, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    supervised.child = child;
    for (const stream of [child.stdout, child.stderr])
      if (stream !== null) forEachLine(stream, (text) => this.#options.line(name, text));
    child.on('message', (message) => {
      const { kind } = message as Partial<ServeMessage>;
      if (kind === 'ready') this.#ready(supervised);
      else if (kind === 'removed') supervised.wasRemoved = true;
    });
    child.once('exit', (status, signal) => this.#ended(supervised, status, signal, performance.now() - startedAt));
  }

  #ready(supervised: Supervised): void {
    supervised.wasReady = true;
    if (this.#announced || !this.#all.every(({ wasReady }) => wasReady)) return;
    this.#announced = true;
    this.#options.ready();
  }

  #ended(supervised: Supervised, status: number | null, signal: NodeJS.Signals | null, livedMs: number): void {
    if (this.#stopping) return;
    const { name } = supervised.node;
    if (supervised.wasRemoved) return this.#options.line(name, 'the process has ended, and is not started again');
    if (!supervised.wasReady && status === HOPELESS_STATUS) return this.#options.hopeless(name, status);
    if (livedMs > HEALTHY_AFTER_MS) supervised.backOffMs = BACK_OFF_MS.first;
    const pauseMs = supervised.backOffMs;
    supervised.backOffMs = Math.min(pauseMs * 2, BACK_OFF_MS.most);
    const how = signal === null ? `ended with status ${status}` : `was killed by ${signal}`;
    this.#options.line(name, `the process ${how}; starting it again in ${pauseMs} ms`);
    supervised.restart = setTimeout(() => this.#spawn(supervised), pauseMs);
  }
}

function forEachLine(stream: Readable, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
  stream.on('end', () => {
    if (rest !== '') take(rest);
  });
}
