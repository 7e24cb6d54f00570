/**
 * What an application may rely on, checked while everything underneath fails: writes count once, a guarded write is never a stale
 * holder's, a watch misses nothing and repeats nothing, and a lease that its holder believes in is one that the cluster knows.
 */
import { drawProfile, Nemesis, planFaults, worldOptions } from '@quorate/sim/nemesis';
import { type Client, CoreError, get, put, toText } from '../client/index.ts';
import { type App, SimCluster } from './cluster.fixture.ts';

export interface ChaosResult {
  readonly violations: readonly string[];
  readonly acknowledged: number;
  readonly unknown: number;
  readonly faults: number;
}

/** Counts what was certainly done, and what perhaps was. */
class Tally {
  acknowledged = 0;
  unknown = 0;

  async try(work: () => Promise<boolean>): Promise<void> {
    try {
      if (await work()) this.acknowledged += 1;
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      if (error.outcome === 'unknown') this.unknown += 1;
    }
  }

  /** Why `found` cannot be, if it cannot. */
  objection(what: string, found: number): string[] {
    const { acknowledged, unknown } = this;
    if (found >= acknowledged && found <= acknowledged + unknown) return [];
    return [`${what}: found ${found}, but ${acknowledged} were acknowledged and ${unknown} are unknown`];
  }
}

export async function runChaos(seed: bigint, durationMs: number, nodes = 3): Promise<ChaosResult> {
  const names = ['a', 'b', 'c', 'd', 'e'].slice(0, nodes);
  const profile = drawProfile({ seed, nodes: names, durationMs });
  const cluster = new SimCluster({ ...worldOptions(profile), nodes, onProcessError: 'exit' });
  const { world } = cluster;
  for (const name of names) {
    const exitWhenFatal = (): void => void cluster.running.get(name)?.fatal.then(() => world.node(name).exit('fatal'));
    cluster.onStarted(name, exitWhenFatal);
  }
  await cluster.untilLeader(60_000);
  await world.run({ forMs: Math.ceil(world.nowMs) - world.nowMs });
  const nemesis = new Nemesis(world, { nodes: names, faults: planFaults(profile), leader: () => cluster.leader });
  return cluster.run(async (app) => {
    const chaos = new Chaos(app);
    await chaos.run(durationMs);
    nemesis.heal();
    await chaos.check();
    const faults = [...nemesis.injected.values()].reduce((sum, count) => sum + count, 0);
    return { violations: chaos.violations, acknowledged: chaos.acknowledged, unknown: chaos.unknown, faults };
  }, 600_000);
}

class Chaos {
  readonly violations: string[] = [];
  readonly #app: App;
  readonly #increments: Tally = new Tally();
  readonly #guarded: Tally = new Tally();
  /** Versions seen by the watch, by key. */
  readonly #seen: Map<string, number> = new Map();
  #running = true;

  constructor(app: App) {
    this.#app = app;
  }

  get acknowledged(): number {
    return this.#increments.acknowledged + this.#guarded.acknowledged;
  }

  get unknown(): number {
    return this.#increments.unknown + this.#guarded.unknown;
  }

  async run(durationMs: number): Promise<void> {
    const app = this.#app;
    const clients = await Promise.all([1, 2, 3].map(() => app.connect({ timeoutMs: 60_000 })));
    const [one, two, three] = clients as [Client, Client, Client];
    const watching = this.#watch(await app.connect({ timeoutMs: 60_000 }));
    const work = [
      ...[one, two, three].map((client) => this.#repeat(() => this.#increment(client))),
      ...[one, two].map((client) => this.#repeat(() => this.#writeUnderLock(client))),
      this.#repeat(() => this.#holdLease(three)),
    ];
    await this.#cutOff(durationMs);
    this.#running = false;
    await Promise.race([Promise.all(work), app.sleep(30_000)]);
    void watching;
  }

  async #repeat(step: () => Promise<void>): Promise<void> {
    while (this.#running) {
      await step();
      await this.#app.sleep(5);
    }
  }

  /** Now and then, and longer than a lease lives, the application reaches nobody. */
  async #cutOff(durationMs: number): Promise<void> {
    const { env, cluster } = this.#app;
    const random = env.random.stream('cut-off');
    const until = env.clock.monotonic() + durationMs;
    while (env.clock.monotonic() < until) {
      await this.#app.sleep(500 + random.below(4000));
      const fromMs = Math.ceil(cluster.world.nowMs);
      const forMs = 300 + random.below(4000);
      let cut: Disposable | undefined;
      cluster.world.at(fromMs, 'cut off', () => {
        cut = cluster.world.net.partition(['app'], cluster.names);
      });
      cluster.world.at(fromMs + forMs, 'let in again', () => cut?.[Symbol.dispose]());
      await this.#app.sleep(forMs);
    }
  }

  async #increment(client: Client): Promise<void> {
    const parts = { then: [put('counter', ''), get('counter'), put('watched', '')] };
    await this.#increments.try(async () => (await client.txn(parts, { timeoutMs: 3000 })).succeeded);
  }

  /** Reads, and writes one more: right only if nobody else does so at the same time. */
  async #writeUnderLock(client: Client): Promise<void> {
    await this.#guarded.try(async () => {
      const patience = new AbortController();
      const timer = this.#app.env.timers.at((this.#app.env.clock.monotonic() + 5000) as never, () => patience.abort());
      try {
        await using lock = await client.lock('lock', { ttlSeconds: 2, signal: patience.signal });
        const value = await client.get('guarded', { timeoutMs: 2000 });
        const next = value === undefined ? 1 : Number(toText(value.value)) + 1;
        const write = await client.txn({ if: [lock.guard], then: [put('guarded', String(next))] }, { timeoutMs: 2000 });
        return write.succeeded;
      } finally {
        timer[Symbol.dispose]();
      }
    });
  }

  async #holdLease(client: Client): Promise<void> {
    try {
      await using lease = await client.lease(2, { timeoutMs: 2000 });
      await client.put('leased', String(lease.id), { lease, timeoutMs: 2000 });
      for (let i = 0; i < 20 && lease.alive; i++) {
        await this.#app.sleep(100);
        const found = await client.get('leased', { timeoutMs: 10_000 });
        if (found?.lease !== lease.id && lease.alive)
          this.violations.push(`lease ${lease.id} is believed in, but its key is gone`);
      }
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
    }
  }

  async #watch(client: Client): Promise<void> {
    for await (const { events } of client.watch('watched', { fromRevision: 1 })) {
      for (const { kv, type } of events) {
        const key = toText(kv.key);
        const last = this.#seen.get(key) ?? 0;
        if (type === 'put' && kv.version !== last + 1)
          this.violations.push(`watch: version ${kv.version} after ${last}`);
        this.#seen.set(key, kv.version);
      }
    }
  }

  /** Everything is healed: it must go on, and be as it should. */
  async check(): Promise<void> {
    const app = this.#app;
    const client = await app.connect({ timeoutMs: 60_000 });
    await client.put('healed', 'yes', { timeoutMs: 60_000 });
    await app.sleep(5000);
    const [counter, watched] = [await client.get('counter'), await client.get('watched')];
    this.violations.push(...this.#increments.objection('counter', counter?.version ?? 0));
    const guarded = Number(toText((await client.get('guarded'))?.value ?? new Uint8Array()) || 0);
    this.violations.push(...this.#guarded.objection('guarded', guarded));
    if ((this.#seen.get('watched') ?? 0) !== (watched?.version ?? 0)) {
      this.violations.push(`watch: saw up to version ${this.#seen.get('watched')} of ${watched?.version}`);
    }
  }
}
