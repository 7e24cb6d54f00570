/** A simulated cluster: nodes `a`, `b`, `c`, …, and machines for clients. */
import type { Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import { World, type WorldOptions } from '@quorate/sim/world';
import { type Client, type ClientOptions, connect } from '../client/index.ts';
import { type CoreNode, type CoreNodeConfig, startCoreNode } from './index.ts';

const PORT = 7410;
const NAMES = ['a', 'b', 'c', 'd', 'e'];

export interface ClusterOptions extends Omit<WorldOptions, 'seed'> {
  readonly seed?: WorldOptions['seed'];
  readonly nodes?: number;
  readonly config?: Partial<CoreNodeConfig>;
}

export class SimCluster {
  readonly world: World;
  readonly names: readonly string[];
  /** The running node of each name. */
  readonly running: Map<string, CoreNode> = new Map();
  readonly #config: Partial<CoreNodeConfig>;
  readonly #started: Map<string, () => void> = new Map();

  constructor({ seed = 1n, nodes = 3, config = {}, ...world }: ClusterOptions = {}) {
    this.world = new World({ seed, trace: { last: 100 }, ...world });
    this.names = NAMES.slice(0, nodes);
    this.#config = config;
    for (const name of this.names) this.start(name, { initialCluster: this.founders });
  }

  get founders(): Record<string, string> {
    return Object.fromEntries(this.names.map((name) => [name, addressOf(name)]));
  }

  /** Starts the node of that name; `config` says how it belongs to the cluster. */
  start(name: string, config: Partial<CoreNodeConfig>): void {
    this.world.node(name).start(async (env) => {
      const listen = { host: name, port: PORT };
      const node = await startCoreNode(env, { name, dataDirectory: '/data', listen, ...this.#config, ...config });
      this.running.set(name, node);
      this.#started.get(name)?.();
      return node;
    });
  }

  /** Calls `fn` whenever the node of that name has been started, by whomever. */
  onStarted(name: string, fn: () => void): void {
    this.#started.set(name, fn);
    if (this.running.has(name)) fn();
  }

  get leader(): string | undefined {
    return this.names.find(
      (name) => this.world.node(name).isRunning && this.running.get(name)?.status.raft.role === 'leader',
    );
  }

  others(name: string | undefined): readonly string[] {
    return this.names.filter((other) => other !== name);
  }

  async untilLeader(withinMs = 10_000): Promise<string> {
    await this.world.run({ until: () => this.leader !== undefined, forMs: withinMs });
    if (this.leader === undefined) throw new Error(`no leader within ${withinMs} ms`);
    return this.leader;
  }

  /** Runs `scenario` on a machine of its own, until it has ended. */
  async run<T>(scenario: (app: App) => Promise<T>, withinMs = 120_000): Promise<T> {
    const machine = this.world.node('app');
    if (!machine.isRunning) machine.start(() => {});
    return this.world.settle(
      machine.call((env) => scenario(new App(env, this))),
      withinMs,
    );
  }
}

/** What a scenario has at hand. */
export class App {
  readonly env: Env;
  readonly cluster: SimCluster;

  constructor(env: Env, cluster: SimCluster) {
    this.env = env;
    this.cluster = cluster;
  }

  connect(options: Partial<ClientOptions> = {}): Promise<Client> {
    return connect({ env: this.env, endpoints: this.cluster.names.map(addressOf), ...options });
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.env.timers.at(Instant.add(this.env.clock.monotonic(), ms), resolve));
  }

  /** Looks every 10 ms until `condition` holds. */
  async until(condition: () => boolean, withinMs = 20_000): Promise<void> {
    for (let waited = 0; !condition(); waited += 10) {
      if (waited >= withinMs) throw new Error(`not within ${withinMs} ms: ${condition}`);
      await this.sleep(10);
    }
  }
}

export function addressOf(name: string): string {
  return `${name}:${PORT}`;
}
