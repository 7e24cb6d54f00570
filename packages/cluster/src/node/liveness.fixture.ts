/**
 * Whatever an application does, and whatever happens to it and to the cluster meanwhile: once all is well again, every call has ended, every watch
 * hears the next change, every lock can be had, and a client that is closed has left nothing behind.
 */
import { getEventListeners } from 'node:events';
import type { Env } from '@quorate/env';
import { type Client, CoreError, connect, type Lease, toText, type Watcher } from '../client/index.ts';
import { type App, addressOf, SimCluster } from './cluster.fixture.ts';
import { CountedEnv } from './counted-env.fixture.ts';

type Random = ReturnType<Env['random']['stream']>;

/** Something begun that must have ended in the end. */
interface Outstanding {
  readonly what: string;
  ended: boolean;
}

interface Observed {
  readonly watcher: Watcher;
  readonly what: string;
  last: string;
  over: boolean;
}

interface Observer {
  readonly name: string;
  leader: string | undefined;
  over: boolean;
}

const NAMES = ['x', 'y'];

/** One application, and what it has under way. */
class Life {
  readonly objections: string[] = [];
  readonly #app: App;
  readonly #counted: CountedEnv;
  readonly #random: Random;
  readonly #outstanding: Outstanding[] = [];
  readonly #watches: Observed[] = [];
  readonly #observers: Observer[] = [];
  readonly #undo: (() => void)[] = [];
  /** Handed to many calls, and never aborted. */
  readonly #patient: AbortController = new AbortController();
  readonly #impatient: AbortController[] = [];
  #client!: Client;
  readonly #clients: Client[] = [];
  #replacing = false;
  #lease: Lease | undefined;
  #writes = 0;

  constructor(app: App) {
    this.#app = app;
    this.#counted = new CountedEnv(app.env);
    this.#random = app.env.random.stream('life');
  }

  async #connect(): Promise<Client> {
    const { names } = this.#app.cluster;
    const client = await connect({ env: this.#counted.env, endpoints: names.map(addressOf), timeoutMs: 4000 });
    this.#clients.push(client);
    return client;
  }

  async run(steps: number): Promise<void> {
    this.#client = await this.#connect();
    for (let i = 0; i < steps; i++) {
      if (this.#random.below(3) === 0) await this.#disturb();
      else this.#act();
      await this.#app.sleep(this.#random.below(4) === 0 ? this.#random.below(1500) : this.#random.below(12));
    }
    await this.#heal();
    await this.#check();
  }

  #begin(what: string, work: Promise<unknown>): void {
    const entry = { what, ended: false };
    this.#outstanding.push(entry);
    work
      .catch((error: unknown) => {
        if (!(error instanceof CoreError)) this.objections.push(`${what} failed with ${error}`);
      })
      .finally(() => {
        entry.ended = true;
      });
  }

  /** Never aborted, aborted before the call, in the same turn, or some time later. */
  #signal(): AbortSignal {
    if (this.#random.below(2) === 0) return this.#patient.signal;
    const controller = new AbortController();
    this.#impatient.push(controller);
    const afterMs = pick(this.#random, [-1, 0, 1, 2, 5, 40, 900]);
    if (afterMs < 0) controller.abort();
    else void this.#app.sleep(afterMs).then(() => controller.abort());
    return controller.signal;
  }

  #act(): void {
    const client = this.#client;
    const random = this.#random;
    const name = pick(random, NAMES);
    const signal = this.#signal();
    const holdMs = pick(random, [0, 3, 200, 2500]);
    switch (random.below(11)) {
      case 0:
        return this.#begin(
          'put',
          client.put(name, String(++this.#writes), { signal, timeoutMs: 1 + random.below(3000) }),
        );
      case 1:
        return this.#begin('get', client.get(name, { signal, timeoutMs: 1 + random.below(3000) }));
      case 2:
      case 3:
        return this.#watch(client, name, random.below(2) === 0 ? {} : { signal });
      case 4:
        return this.#begin('lock', this.#hold(client.lock(`lock-${name}`, { ttlSeconds: 2, signal }), holdMs));
      case 5:
        return this.#begin('lock under a lease', this.#lockUnderLease(client, name, signal, holdMs));
      case 6:
        return this.#begin(
          'permit',
          this.#hold(client.semaphore(`pool-${name}`, 2).acquire({ ttlSeconds: 2, signal }), holdMs),
        );
      case 7:
        return this.#begin(
          'campaign',
          this.#hold(client.election(`boss-${name}`).campaign('me', { ttlSeconds: 2, signal }), holdMs),
        );
      case 8:
        return this.#begin('wait', client.barrier(`gate-${name}`).wait({ signal }));
      case 9:
        return this.#observe(client, name, signal);
      default:
        return this.#begin(
          'try',
          client.tryLock(`lock-${name}`, { ttlSeconds: 2, signal }).then((lock) => lock?.release()),
        );
    }
  }

  async #hold(holding: Promise<AsyncDisposable>, holdMs: number): Promise<void> {
    await using _held = await holding;
    await this.#app.sleep(holdMs);
  }

  async #lockUnderLease(client: Client, name: string, signal: AbortSignal, holdMs: number): Promise<void> {
    if (this.#lease?.alive !== true) this.#lease = await client.lease(4);
    await this.#hold(client.lock(`lock-${name}`, { lease: this.#lease, signal }), holdMs);
  }

  #watch(client: Client, name: string, options: { signal?: AbortSignal }): void {
    const bufferedMax = 1 + this.#random.below(3);
    let watcher: Watcher;
    try {
      watcher = client.watch(name, { ...options, bufferedMax });
    } catch (error) {
      return this.#begin('watch', Promise.reject(error));
    }
    const observed: Observed = { watcher, what: `watch of ${name}`, last: '', over: false };
    this.#watches.push(observed);
    const slow = this.#random.below(2) === 0;
    this.#begin(observed.what, this.#read(observed, slow));
    if (this.#random.below(4) === 0) void this.#app.sleep(this.#random.below(500)).then(() => watcher.close());
  }

  /** It may end with an error when the leader cannot be read in time; silent it must not be. */
  #observe(client: Client, name: string, signal: AbortSignal): void {
    const observer: Observer = { name, leader: undefined, over: false };
    this.#observers.push(observer);
    const observe = async (): Promise<void> => {
      try {
        for await (const leader of client.election(`boss-${name}`).observe({ signal })) {
          observer.leader = leader?.text;
          if (leader?.text === 'last') return;
        }
      } finally {
        observer.over = true;
      }
    };
    this.#begin('observe', observe());
  }

  async #read(observed: Observed, slow: boolean): Promise<void> {
    try {
      for await (const { events } of observed.watcher) {
        for (const { kv } of events) observed.last = toText(kv.value);
        if (slow) await this.#app.sleep(20);
      }
    } finally {
      observed.over = true;
    }
  }

  async #disturb(): Promise<void> {
    const { cluster } = this.#app;
    const { world, names } = cluster;
    const random = this.#random;
    const name = pick(random, names);
    const forMs = 20 + random.below(random.below(2) === 0 ? 300 : 4000);
    const later = (undo: () => void): void => {
      let done = false;
      const once = (): void => {
        if (!done) undo();
        done = true;
      };
      this.#undo.push(once);
      void this.#app.sleep(forMs).then(once);
    };
    switch (random.below(13)) {
      case 0:
      case 1:
        return world.net.resetConnections('app', name);
      case 2: {
        const cut = world.net.partition(['app'], random.below(2) === 0 ? names : [name]);
        return later(() => cut[Symbol.dispose]());
      }
      case 3: {
        const to = random.below(2) === 0;
        const cut = world.net.cut([to ? { from: 'app', to: name } : { from: name, to: 'app' }]);
        return later(() => cut[Symbol.dispose]());
      }
      case 4: {
        const cut = world.net.partition([name], cluster.others(name));
        return later(() => cut[Symbol.dispose]());
      }
      case 5:
        if (names.some((each) => !world.node(each).isRunning)) return;
        world.node(name).kill();
        return later(() => world.node(name).start());
      case 6:
        if (!world.node(name).isRunning) return;
        return world.node(name).pause(forMs);
      case 7:
        return world.node('app').pause(forMs);
      case 8:
        return this.#begin('move', this.#moveLeader());
      case 9:
        return this.#begin('compact', this.#compact());
      case 10:
        return this.#begin('raise', this.#client.barrier(`gate-${pick(random, NAMES)}`).raise());
      case 11:
        return this.#begin('lower', this.#client.barrier(`gate-${pick(random, NAMES)}`).lower());
      default:
        return this.#replaceClient();
    }
  }

  async #moveLeader(): Promise<void> {
    const members = await this.#client.cluster.members();
    await this.#client.cluster.moveLeader(pick(this.#random, members).id);
  }

  async #compact(): Promise<void> {
    const { revision } = await this.#client.range('x', { countOnly: true });
    await this.#client.compact(revision);
  }

  /** The old one is closed with all that it has under way; until there is another, calls are made on it all the same. */
  #replaceClient(): void {
    if (this.#replacing) return;
    this.#replacing = true;
    this.#begin('close', this.#client.close());
    const replace = async (): Promise<void> => {
      try {
        this.#client = await this.#connect();
      } finally {
        this.#replacing = false;
      }
    };
    this.#begin('connect', replace());
  }

  async #heal(): Promise<void> {
    for (const undo of this.#undo) undo();
    await this.#app.sleep(10_000);
  }

  async #check(): Promise<void> {
    const app = this.#app;
    this.#client = await this.#connect();
    for (const name of NAMES) await this.#client.put(name, 'last', { timeoutMs: 10_000 });
    await app.sleep(1500);
    for (const { watcher, what, last, over } of this.#watches) {
      if (!over && last !== 'last') this.objections.push(`${what} is silent, at revision ${watcher.nextRevision}`);
      watcher.close();
    }
    for (const name of NAMES) {
      await this.#client.barrier(`gate-${name}`).lower();
      await this.#expectFree(`lock-${name}`);
      await this.#expectFree(`boss-${name}`);
      await using _leadership = await this.#client.election(`boss-${name}`).campaign('last');
      await app.sleep(500);
    }
    for (const { name, leader, over } of this.#observers) {
      if (!over) this.objections.push(`who observes ${name} believes that ${leader} leads`);
    }
    await app.sleep(1000);
    for (const { what, ended } of this.#outstanding) if (!ended) this.objections.push(`${what} has not ended`);
    for (const client of this.#clients) await client.close();
  }

  async #expectFree(name: string): Promise<void> {
    const patience = new AbortController();
    void this.#app.sleep(8000).then(() => patience.abort());
    try {
      await using _lock = await this.#client.lock(name, { ttlSeconds: 2, signal: patience.signal });
    } catch (error) {
      this.objections.push(`${name} cannot be had: ${(error as Error).message}`);
    }
  }

  /** When all clients are closed. */
  async leftovers(): Promise<void> {
    await this.#app.sleep(5000);
    if (this.#counted.pending.size > 0) this.objections.push(`${this.#counted.pending.size} timers are left`);
    for (const { signal } of [this.#patient, ...this.#impatient]) {
      const listeners = getEventListeners(signal, 'abort').length;
      if (listeners > 0) this.objections.push(`${listeners} listeners are left on a signal`);
    }
  }
}

function pick<T>(random: Random, among: readonly T[]): T {
  return among[random.below(among.length)]!;
}

/** Why it should not have gone as it did. */
export async function liveThrough(seed: bigint, steps: number): Promise<readonly string[]> {
  const cluster = new SimCluster({ seed });
  await cluster.untilLeader();
  return cluster.run(async (app) => {
    const life = new Life(app);
    await life.run(steps);
    await life.leftovers();
    return life.objections;
  }, 600_000);
}
