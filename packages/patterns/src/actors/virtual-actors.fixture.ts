import { assert, Instant, type RandomNumber, randomBelow } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import { World } from '../detection/world.fixture.ts';
import {
  ActorDirectory,
  ActorHost,
  type DirectoryEffect,
  type DirectoryInput,
  type Fence,
  FenceTable,
  type HostEffect,
  type HostInput,
  placeByHash,
  placeEvenly,
} from './index.ts';

/** Actors that count: each message adds one, reads nothing, and is done when the new value is stored. */
type Letter =
  | { readonly kind: 'to-directory'; readonly input: DirectoryInput }
  | { readonly kind: 'to-host'; readonly input: HostInput<number> }
  | { readonly kind: 'where' | 'at'; readonly actor: string; readonly op: number; readonly host?: string }
  | { readonly kind: 'done'; readonly op: number }
  | { readonly kind: 'load'; readonly actor: string; readonly fence: Fence }
  | { readonly kind: 'loaded'; readonly actor: string; readonly activation: number; readonly value: number }
  | {
      readonly kind: 'write';
      readonly actor: string;
      readonly fence: Fence;
      readonly seq: number;
      readonly value: number;
    }
  | { readonly kind: 'written'; readonly actor: string; readonly activation: number; readonly seq: number }
  | { readonly kind: 'fenced'; readonly actor: string; readonly activation: number };

type Answer = Letter & { readonly kind: 'loaded' | 'written' | 'fenced' };

interface Send {
  readonly to: string;
  readonly message: Letter;
}

/** What can be left out, to see that it is needed. */
export type Omission =
  | 'nothing'
  /** The store checks no fence. */
  | 'fence'
  /** It checks none when it reads. */
  | 'fence-on-read'
  /** It does not tell activations of one generation apart. */
  | 'activation-in-fence'
  /** The directory waits less long than hosts believe in their lease. */
  | 'lease';

const LEASE_MS = 1_000;
const PARTITIONS = 8;
const RETRY_MS = 150;
export const ACTORS: readonly string[] = ['a', 'b', 'c', 'd', 'e', 'f'];

class Store {
  readonly #fences = new FenceTable<string>({ keysMax: ACTORS.length });
  readonly #omission: Omission;
  readonly values = new Map<string, number>(ACTORS.map((actor) => [actor, 0]));
  /** Of the last write that was accepted. */
  readonly #last = new Map<string, { from: string; fence: Fence; seq: number }>();
  readonly #hostOf = new Map<number, string>();
  readonly violations: string[] = [];
  fenced = 0;
  written = 0;

  constructor(omission: Omission) {
    this.#omission = omission;
  }

  #admits(actor: string, { generation, activation }: Fence): boolean {
    if (this.#omission === 'fence') return true;
    return this.#fences.admit(
      actor,
      this.#omission === 'activation-in-fence' ? { generation } : { generation, activation },
    );
  }

  step(from: string, message: Letter): Send[] {
    if (message.kind !== 'load' && message.kind !== 'write') return [];
    const { actor, fence } = message;
    const { activation } = fence;
    const isRead = message.kind === 'load';
    if (!(isRead && this.#omission === 'fence-on-read') && !this.#admits(actor, fence)) {
      this.fenced += 1;
      return [{ to: from, message: { kind: 'fenced', actor, activation } }];
    }
    if (isRead) return [{ to: from, message: { kind: 'loaded', actor, activation, value: this.values.get(actor)! } }];
    const last = this.#last.get(actor);
    // One activation's writes arrive in order, as on a connection: a repetition is not written again.
    if (last?.from !== from || last.fence.activation !== activation || last.seq < message.seq)
      this.#accept(from, message);
    return [{ to: from, message: { kind: 'written', actor, activation, seq: message.seq } }];
  }

  #accept(from: string, { actor, fence, seq, value }: Letter & { kind: 'write' }): void {
    const last = this.#last.get(actor);
    const owner = this.#hostOf.get(fence.generation) ?? from;
    if (owner !== from) this.violations.push(`${owner} and ${from} write in generation ${fence.generation}`);
    this.#hostOf.set(fence.generation, from);
    if (last !== undefined && last.fence.generation > fence.generation)
      this.violations.push(`${actor}: ${from} writes after ${last.from} had taken over`);
    if (value !== this.values.get(actor)! + 1)
      this.violations.push(`${actor}: ${from} overwrites ${this.values.get(actor)} with ${value}`);
    this.written += 1;
    this.values.set(actor, value);
    this.#last.set(actor, { from, fence, seq });
  }
}

interface Activation {
  readonly fence: Fence;
  value: number | undefined;
  readonly ops: { op: number; client: string }[];
  seq: number;
  isClosing: boolean;
  retryAt: number;
}

/** A host and what it runs: reads an actor's value when it wakes, writes each new value, repeats what is not answered. */
class Machine {
  readonly host: ActorHost<number>;
  readonly id: string;
  readonly activations = new Map<string, Activation>();
  readonly #clients = new Map<number, string>();
  rejected = 0;
  excluded = false;

  constructor(id: string) {
    this.id = id;
    this.host = new ActorHost({
      partitions: PARTITIONS,
      leaseMs: LEASE_MS,
      idleMs: 400,
      actorsMax: 3,
      bufferedMax: 20,
    });
  }

  get deadline(): Instant | undefined {
    let earliest = this.host.deadline ?? Number.POSITIVE_INFINITY;
    for (const { retryAt } of this.activations.values()) earliest = Math.min(earliest, retryAt);
    return earliest === Number.POSITIVE_INFINITY ? undefined : Instant.of(earliest);
  }

  step(from: string | undefined, message: Letter | undefined, now: Instant): Send[] {
    const sends: Send[] = [];
    if (message === undefined) this.#tick(now, sends);
    else if (message.kind === 'to-host') {
      if (message.input.kind === 'message') this.#clients.set(message.input.message, from!);
      this.feed(message.input, now, sends);
    } else if (message.kind === 'loaded' || message.kind === 'written' || message.kind === 'fenced')
      this.#stored(message, now, sends);
    return sends;
  }

  feed(input: HostInput<number>, now: Instant, sends: Send[]): void {
    const out: HostEffect<number>[] = [];
    this.host.step(input, now, out);
    for (const effect of out) this.#carry(effect, now, sends);
  }

  #carry(effect: HostEffect<number>, now: Instant, sends: Send[]): void {
    const { id: host } = this;
    switch (effect.kind) {
      case 'renew':
      case 'confirmed':
      case 'released':
        return void sends.push({ to: 'directory', message: { kind: 'to-directory', input: { ...effect, host } } });
      case 'activate': {
        assert(!this.activations.has(effect.actor), 'one activation at a time');
        const { fence, actor } = effect;
        const retryAt = now + RETRY_MS;
        this.activations.set(actor, { fence, value: undefined, ops: [], seq: 0, isClosing: false, retryAt });
        return void sends.push({ to: 'store', message: { kind: 'load', actor, fence } });
      }
      case 'deliver': {
        const activation = this.activations.get(effect.actor)!;
        activation.ops.push({ op: effect.message, client: this.#clients.get(effect.message)! });
        if (activation.ops.length === 1) this.#write(effect.actor, activation, now, sends);
        return;
      }
      case 'deactivate': {
        const activation = this.activations.get(effect.actor);
        // It has just ended by itself.
        if (activation?.fence.activation !== effect.activation) return;
        activation.isClosing = true;
        if (effect.reason === 'lost' || activation.value === undefined) this.#drop(effect.actor, now, sends);
        else if (activation.ops.length === 0) this.#drop(effect.actor, now, sends);
        return;
      }
      case 'rejected':
        this.rejected += 1;
        return;
      case 'excluded':
        this.excluded = true;
    }
  }

  #drop(actor: string, now: Instant, sends: Send[]): void {
    const { activation } = this.activations.get(actor)!.fence;
    this.activations.delete(actor);
    this.feed({ kind: 'deactivated', actor, activation }, now, sends);
  }

  #write(actor: string, activation: Activation, now: Instant, sends: Send[]): void {
    activation.seq += 1;
    activation.value! += 1;
    this.#send(actor, activation, now, sends);
  }

  #send(actor: string, { fence, seq, value, ops }: Activation, now: Instant, sends: Send[]): void {
    this.activations.get(actor)!.retryAt =
      ops.length > 0 || value === undefined ? now + RETRY_MS : Number.POSITIVE_INFINITY;
    if (value === undefined) sends.push({ to: 'store', message: { kind: 'load', actor, fence } });
    else if (ops.length > 0) sends.push({ to: 'store', message: { kind: 'write', actor, fence, seq, value } });
  }

  #stored(message: Answer, now: Instant, sends: Send[]): void {
    const { actor, activation: number } = message;
    const activation = this.activations.get(actor);
    if (activation?.fence.activation !== number) return;
    if (message.kind === 'fenced') return this.#drop(actor, now, sends);
    if (message.kind === 'loaded' && activation.value === undefined) {
      activation.value = message.value;
      activation.retryAt = Number.POSITIVE_INFINITY;
      return this.feed({ kind: 'activated', actor, activation: number }, now, sends);
    }
    if (message.kind !== 'written' || message.seq !== activation.seq || activation.ops.length === 0) return;
    const { op, client } = activation.ops.shift()!;
    activation.retryAt = Number.POSITIVE_INFINITY;
    sends.push({ to: client, message: { kind: 'done', op } });
    if (activation.ops.length > 0) this.#write(actor, activation, now, sends);
    this.feed({ kind: 'handled', actor, activation: number }, now, sends);
    if (activation.isClosing && activation.ops.length === 0 && this.activations.get(actor) === activation)
      this.#drop(actor, now, sends);
  }

  #tick(now: Instant, sends: Send[]): void {
    this.feed({ kind: 'tick' }, now, sends);
    for (const [actor, activation] of [...this.activations])
      if (activation.retryAt <= now) this.#send(actor, activation, now, sends);
  }
}

/** A directory, a store, hosts that come, go, crash and stall, and a client that keeps adding. */
export class VirtualActors {
  readonly random: RandomNumber;
  readonly world: World<Letter>;
  readonly store: Store;
  directory: ActorDirectory;
  readonly #omission: Omission;
  readonly machines = new Map<string, Machine>();
  readonly crashed = new Set<string>();
  /** Acknowledged additions, by actor. */
  readonly acknowledged = new Map<string, number>(ACTORS.map((actor) => [actor, 0]));
  readonly #actorOf = new Map<number, string>();
  readonly #unanswered = new Set<number>();
  isCalm = false;
  #op = 0;
  #host = 0;

  constructor(seed: number, omission: Omission = 'nothing') {
    this.random = seeded(seed);
    this.#omission = omission;
    this.world = new World({
      random: this.random,
      lost: () => !this.isCalm && this.random() < 0.02,
      // Now and then something stays in the network for longer than a lease.
      latencyMs: () => (!this.isCalm && this.random() < 0.02 ? 500 + this.random() * 4_000 : 1 + this.random() * 9),
    });
    this.store = new Store(omission);
    this.directory = this.#newDirectory();
    this.world.add('store', {
      deadline: undefined,
      step: (from, message) => (message === undefined ? [] : this.store.step(from!, message)),
    });
    this.world.add('client', { deadline: undefined, step: (_, message) => this.#client(message) });
    for (let i = 0; i < 3; i++) this.join();
  }

  #newDirectory(): ActorDirectory {
    const placement = this.random() < 0.5 ? placeEvenly : placeByHash();
    const leaseMs = this.#omission === 'lease' ? LEASE_MS / 2 : LEASE_MS;
    const options = { partitions: PARTITIONS, leaseMs, movesMax: 2, placement };
    const now = Instant.of(this.world.now);
    this.directory = new ActorDirectory(options, now, this.directory?.snapshot);
    const { directory } = this;
    this.world.add('directory', {
      get deadline() {
        return directory.deadline;
      },
      step: (from, message, at) => this.#direct(from, message, at),
    });
    return directory;
  }

  /** The process of the directory crashes, and another goes on with what was kept. */
  restartDirectory(): void {
    this.world.revive('directory');
    this.#newDirectory();
  }

  #direct(from: string | undefined, message: Letter | undefined, now: Instant): Send[] {
    if (message?.kind === 'where') {
      const host = this.directory.ownerOf(this.directory.partitionOf(message.actor))?.host;
      return host === undefined ? [] : [{ to: from!, message: { ...message, kind: 'at', host } }];
    }
    const input: DirectoryInput = message?.kind === 'to-directory' ? message.input : { kind: 'tick' };
    return this.#directed(input, now);
  }

  #directed(input: DirectoryInput, now: Instant): Send[] {
    const out: DirectoryEffect[] = [];
    this.directory.step(input, now, out);
    return out.flatMap((effect): Send[] => {
      switch (effect.kind) {
        case 'grant':
        case 'revoke':
        case 'renewed':
        case 'unknown-host':
          return [{ to: effect.host, message: { kind: 'to-host', input: effect } }];
        default:
          return [];
      }
    });
  }

  #client(message: Letter | undefined): Send[] {
    if (message?.kind === 'at') {
      const { actor, op, host } = message;
      return [{ to: host!, message: { kind: 'to-host', input: { kind: 'message', actor, message: op } } }];
    }
    if (message?.kind === 'done' && this.#unanswered.delete(message.op)) {
      const actor = this.#actorOf.get(message.op)!;
      this.acknowledged.set(actor, this.acknowledged.get(actor)! + 1);
    }
    return [];
  }

  join(): string {
    this.#host += 1;
    const machine = new Machine(`h${this.#host}`);
    this.machines.set(machine.id, machine);
    this.world.add(machine.id, machine);
    const now = Instant.of(this.world.now);
    // Joining is repeated by whoever starts a host; here it always arrives.
    this.world.deliver('directory', this.#directed({ kind: 'join', host: { id: machine.id } }, now));
    const sends: Send[] = [];
    machine.feed({ kind: 'start' }, now, sends);
    this.world.deliver(machine.id, sends);
    return machine.id;
  }

  crash(id: string): void {
    this.world.crash(id);
    this.machines.delete(id);
  }

  leave(id: string): void {
    const now = Instant.of(this.world.now);
    this.world.deliver('directory', this.#directed({ kind: 'leave', host: id }, now));
  }

  addOne(): void {
    this.#op += 1;
    const actor = ACTORS[randomBelow(this.random, ACTORS.length)]!;
    this.#actorOf.set(this.#op, actor);
    this.#unanswered.add(this.#op);
    this.world.deliver('client', [{ to: 'directory', message: { kind: 'where', actor, op: this.#op } }]);
  }

  /** No two hosts may act for the same actor, whatever they believe. */
  checkHeld(): void {
    const now = Instant.of(this.world.now);
    for (const actor of ACTORS) {
      const held = [...this.machines.values()].filter(({ host, activations }) => {
        const activation = activations.get(actor)?.fence.activation;
        return activation !== undefined && host.isHeld(actor, activation, now);
      });
      assert(held.length <= 1, `${held.map(({ id }) => id).join(' and ')} both hold ${actor} at ${now}`);
    }
  }

  /** Something goes wrong. */
  disturb(): void {
    const ids = [...this.machines.keys()];
    const id = ids[randomBelow(this.random, Math.max(1, ids.length))];
    const fate = this.random();
    if (id === undefined || ids.length < 2) this.join();
    else if (fate < 0.4) this.world.stall(id, this.world.now + this.random() * 3 * LEASE_MS);
    else if (fate < 0.55) this.crash(id);
    else if (fate < 0.7) this.leave(id);
    else if (fate < 0.8) this.restartDirectory();
    else if (ids.length < 5) this.join();
    this.replaceExcluded();
  }

  /** Who was excluded starts anew, as another host. */
  replaceExcluded(): void {
    for (const machine of [...this.machines.values()]) if (machine.excluded) this.crash(machine.id);
    if (this.machines.size === 0) this.join();
  }

  run(ms: number): void {
    for (const until = this.world.now + ms; this.world.now < until; ) {
      this.addOne();
      this.world.run(this.world.now + 25);
      this.checkHeld();
      if (!this.isCalm && this.random() < 0.03) this.disturb();
    }
  }
}
