/**
 * A small deterministic world for the tests of transport and raft: virtual time, and TCP between named hosts with delay, limited rate,
 * silent cuts and resets. `@quorate/sim` is the real one; this exists because `cluster` may not depend on it.
 */
import {
  type Address,
  type Connection,
  type ConnectionHandler,
  type Env,
  type Listener,
  type LogFields,
  NetError,
  type RandomStream,
} from '@quorate/env';
import { Instant, WallTime } from '@quorate/patterns/base';

interface WorldEvent {
  at: number;
  seq: number;
  readonly host: VirtualHost | undefined;
  readonly life: number;
  /** Bytes from the network: after a pause they are seen behind the timers, as an event loop does it. */
  readonly arrival: boolean;
  run: (() => void) | undefined;
}

export class VirtualWorld {
  now = 0;
  delayMs = 1;
  events = 0;
  readonly seed: number;
  readonly hosts: Map<string, VirtualHost> = new Map();
  readonly #queue: WorldEvent[] = [];
  readonly #cuts: Set<string> = new Set();
  #seq = 0;

  constructor(seed = 1) {
    this.seed = seed;
  }

  host(name: string): VirtualHost {
    let host = this.hosts.get(name);
    if (host === undefined) {
      host = new VirtualHost(this, name);
      this.hosts.set(name, host);
    }
    return host;
  }

  at(when: number, host: VirtualHost | undefined, run: () => void, arrival = false): Disposable {
    const at = Math.max(when, this.now);
    const event: WorldEvent = { at, seq: this.#seq++, host, life: host?.life ?? 0, arrival, run };
    this.#push(event);
    return {
      [Symbol.dispose]: () => {
        event.run = undefined;
      },
    };
  }

  #push(event: WorldEvent): void {
    let slot = this.#queue.length;
    this.#queue.push(event);
    while (slot > 0 && before(event, this.#queue[(slot - 1) >> 1]!)) {
      this.#queue[slot] = this.#queue[(slot - 1) >> 1]!;
      slot = (slot - 1) >> 1;
    }
    this.#queue[slot] = event;
  }

  /** Nothing passes between the two, and neither is told. */
  cut(a: string, b: string): void {
    this.#cuts.add(pair(a, b));
  }

  heal(): void {
    this.#cuts.clear();
  }

  isCut(a: string, b: string): boolean {
    return this.#cuts.has(pair(a, b));
  }

  /** Runs all events up to `now + ms`, with promises settled after each. */
  async run(ms: number): Promise<void> {
    const end = this.now + ms;
    while (this.#queue.length > 0 && this.#queue[0]!.at <= end) {
      this.#step();
      await settle();
    }
    this.now = end;
  }

  async until(condition: () => boolean, maxMs = 20_000): Promise<void> {
    const end = this.now + maxMs;
    while (!condition()) {
      if (this.#queue.length === 0 || this.#queue[0]!.at > end) {
        throw new Error(`not reached within ${maxMs} ms of virtual time: ${condition}`);
      }
      this.#step();
      await settle();
    }
  }

  #step(): void {
    const event = this.#pop();
    this.now = event.at;
    if (event.run === undefined || (event.host !== undefined && event.host.life !== event.life)) return;
    if (event.host !== undefined && event.host.pausedUntil > this.now) {
      event.at = event.host.pausedUntil + (event.arrival ? 0.001 : 0);
      event.seq = this.#seq++;
      this.#push(event);
      return;
    }
    this.events += 1;
    event.run();
  }

  #pop(): WorldEvent {
    const queue = this.#queue;
    const top = queue[0]!;
    const last = queue.pop()!;
    if (queue.length === 0) return top;
    let slot = 0;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= queue.length) break;
      if (child + 1 < queue.length && before(queue[child + 1]!, queue[child]!)) child += 1;
      if (!before(queue[child]!, last)) break;
      queue[slot] = queue[child]!;
      slot = child;
    }
    queue[slot] = last;
    return top;
  }
}

const before = (a: WorldEvent, b: WorldEvent): boolean => a.at < b.at || (a.at === b.at && a.seq < b.seq);
const pair = (a: string, b: string): string => (a < b ? `${a}|${b}` : `${b}|${a}`);

/** Lets promise chains run to where they wait for an event. */
async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await undefined;
}

/** One process's outside world. `crash` ends the process: nothing that it has scheduled happens any more. */
export class VirtualHost {
  readonly world: VirtualWorld;
  readonly name: string;
  life = 1;
  /** The process stands still until then: whatever happens to it is heard afterwards, timers first. */
  pausedUntil = 0;
  /** Bytes per millisecond that leave a socket. */
  rate = Number.POSITIVE_INFINITY;
  readonly log: { readonly level: string; readonly message: string; readonly fields: LogFields | undefined }[] = [];
  readonly listeners: Map<number, (connection: Connection) => ConnectionHandler | undefined> = new Map();
  readonly sockets: Set<Socket> = new Set();
  /** Chunks that arrived: one per turn of the sender's. */
  chunksIn = 0;
  bytesOut = 0;
  #streams = 0;

  constructor(world: VirtualWorld, name: string) {
    this.world = world;
    this.name = name;
  }

  crash(): void {
    this.life += 1;
    this.listeners.clear();
    for (const socket of [...this.sockets]) socket.vanish();
  }

  get env(): Env {
    const { world } = this;
    const line = (level: string) => (message: string, fields?: LogFields) =>
      void this.log.push({ level, message, fields });
    return {
      clock: { monotonic: () => Instant.of(world.now), wall: () => WallTime.of(world.now) },
      timers: { at: (when, fn) => world.at(when, this, fn) },
      tasks: { defer: (fn) => void world.at(world.now, this, fn) },
      loop: { delayMs: () => 0 },
      random: { stream: (name) => stream(world.seed, `${this.name}/${name}/${this.life}/${this.#streams++}`) },
      net: {
        connect: (to, handler) => this.#connect(to, handler),
        listen: (at, accept) => this.#listen(at, accept),
        bind: () => Promise.reject(new NetError('other', 'no datagrams here')),
      },
      disk: undefined as never,
      log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    };
  }

  #listen(at: Address, accept: (connection: Connection) => ConnectionHandler | undefined): Promise<Listener> {
    if (this.listeners.has(at.port)) return Promise.reject(new NetError('address-in-use', `${at.host}:${at.port}`));
    this.listeners.set(at.port, accept);
    return Promise.resolve({
      address: at,
      close: async () => void this.listeners.delete(at.port),
    });
  }

  #connect(to: Address, handler: ConnectionHandler): Connection {
    const { world } = this;
    const near = new Socket(this, to);
    near.handler = handler;
    const target = world.host(to.host);
    world.at(world.now + world.delayMs, undefined, () => {
      if (near.gone || world.isCut(this.name, to.host)) return;
      const far = new Socket(target, { host: this.name, port: 0 });
      const accepted = target.listeners.get(to.port)?.(far);
      if (accepted === undefined) {
        target.sockets.delete(far);
        world.at(world.now + world.delayMs, this, () => near.lost('refused'));
        return;
      }
      far.handler = accepted;
      far.peer = near;
      near.peer = far;
      world.at(world.now + world.delayMs, this, () => {
        if (!near.gone) handler.connected?.();
      });
    });
    return near;
  }
}

class Socket implements Connection {
  readonly remote: Address;
  readonly host: VirtualHost;
  handler: ConnectionHandler | undefined;
  peer: Socket | undefined;
  gone = false;
  congested = false;
  bufferedBytes = 0;
  #chunks: Uint8Array[] = [];
  #flushing = false;
  #freeAt = 0;
  #closing = false;

  constructor(host: VirtualHost, remote: Address) {
    this.host = host;
    this.remote = remote;
    host.sockets.add(this);
  }

  write(chunk: Uint8Array): void {
    if (this.gone || this.#closing) return;
    this.#chunks.push(chunk);
    this.bufferedBytes += chunk.length;
    if (this.bufferedBytes > 1024 * 1024) this.congested = true;
    if (this.#flushing) return;
    this.#flushing = true;
    this.host.world.at(this.host.world.now, this.host, () => this.#flush());
  }

  pause(): void {}
  resume(): void {}

  close(): void {
    if (this.gone || this.#closing) return;
    this.#flush();
    this.#closing = true;
    const { world } = this.host;
    const { peer } = this;
    world.at(Math.max(world.now, this.#freeAt) + world.delayMs, undefined, () => peer?.lost(undefined));
    world.at(world.now, this.host, () => this.#end(undefined));
  }

  destroy(): void {
    if (this.gone) return;
    const { world } = this.host;
    const { peer } = this;
    this.gone = true;
    this.host.sockets.delete(this);
    if (!world.isCut(this.host.name, this.remote.host)) {
      world.at(world.now + world.delayMs, undefined, () => peer?.lost('reset'));
    }
    const { handler } = this;
    world.at(world.now, this.host, () => handler?.closed(undefined));
  }

  /** Its process is gone: only the other side hears of it. */
  vanish(): void {
    this.handler = undefined;
    this.lost('reset');
  }

  /** The other side is gone. */
  lost(code: 'reset' | 'refused' | undefined): void {
    this.#end(code === undefined ? undefined : new NetError(code, `connection with ${this.remote.host} ${code}`));
    if (this.peer !== undefined && !this.peer.gone && !this.host.world.isCut(this.host.name, this.remote.host)) {
      const { peer } = this;
      this.host.world.at(this.host.world.now + this.host.world.delayMs, undefined, () => peer.lost(code));
    }
  }

  #end(error: NetError | undefined): void {
    if (this.gone) return;
    this.gone = true;
    this.host.sockets.delete(this);
    this.handler?.closed(error);
  }

  #flush(): void {
    this.#flushing = false;
    const chunks = this.#chunks;
    if (chunks.length === 0) return;
    this.#chunks = [];
    const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    const { world, rate } = this.host;
    this.host.bytesOut += bytes.length;
    this.#freeAt = Math.max(world.now, this.#freeAt) + (rate === Number.POSITIVE_INFINITY ? 0 : bytes.length / rate);
    world.at(this.#freeAt, this.host, () => {
      this.bufferedBytes -= bytes.length;
      if (this.bufferedBytes > 0 || !this.congested) return;
      this.congested = false;
      if (!this.gone) this.handler?.drained?.();
    });
    const { peer } = this;
    if (peer === undefined) return;
    const arrive = (): void => {
      if (peer.gone || world.isCut(this.host.name, this.remote.host)) return;
      peer.host.chunksIn += 1;
      peer.handler?.data(bytes);
    };
    world.at(this.#freeAt + world.delayMs, peer.host, arrive, true);
  }
}

function stream(seed: number, name: string): RandomStream {
  let state = seed | 0;
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 0x9e3779b1) ^ (state >>> 15);
  const uint32 = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  return {
    uint32,
    float: () => uint32() / 2 ** 32,
    below: (bound) => uint32() % bound,
    fill: (target) => target.map(() => uint32() & 0xff),
  };
}
