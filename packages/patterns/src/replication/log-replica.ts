/**
 * One replica of a replicated log: leader and followers, with fencing by generation. Joshi, "Patterns of Distributed Systems", 2023, "Leader and Followers",
 * "High-Water Mark", "Low-Water Mark", "Generation Clock"; Kafka's replication with KIP-101, 279, 392 and 497; Oki and Liskov, "Viewstamped Replication", PODC 1988,
 * for what a failover needs to know.
 *
 *                    lead                          a higher generation is heard of
 *     fenced ---------------------> leader ----------------------------+
 *       ^  |  follow                                                   |
 *       |  +-----------------------> follower                          |
 *       |   <--- a higher generation is heard of ---+                  |
 *       +--------------------------------------------------------------+
 *
 * Who leads is decided outside, once per generation: by `Failover`, in the name of whoever gives out generations (a lease, a core). What this kernel
 * sees to: nothing of a lower generation is taken any more once a higher one is promised; what followers wrote under a deposed leader is cut away, and nothing else
 * is; nothing is acknowledged or shown before as many have it as the mode says.
 *
 * Pure: no clock, no I/O, no records. O(replicas) per step.
 */
import { assert, type Instant } from '../base/index.ts';
import type { LogPosition } from './generation-history.ts';
import { LogFollower } from './log-follower.ts';
import { LogLeader, type LogLeaderOptions } from './log-leader.ts';
import { LogState } from './log-state.ts';
import type {
  LogEffect,
  LogInput,
  LogMessage,
  LogRecovery,
  LogReplicaOptions,
  LogRole,
  LogStatus,
} from './log-types.ts';
import { replicationFacts } from './replication-mode.ts';

type Role =
  | { readonly kind: 'fenced' }
  | { readonly kind: 'follower'; readonly part: LogFollower }
  | { readonly kind: 'leader'; readonly part: LogLeader };

const FENCED: Role = { kind: 'fenced' };

export class LogReplica {
  readonly #options: LogLeaderOptions;
  readonly #state: LogState;
  #role: Role = FENCED;

  constructor(options: LogReplicaOptions, recovered?: LogRecovery) {
    this.#options = {
      batchMax: 1000,
      unacknowledgedMax: 10_000,
      appendTimeoutMs: 10_000,
      waitMaxMs: 500,
      fetchTimeoutMs: 2000,
      writesMax: 16,
      lagMaxMs: 10_000,
      retainMax: 1_000_000,
      ...options,
    };
    assert(this.#options.fetchTimeoutMs > this.#options.waitMaxMs, 'fetchTimeoutMs must be above waitMaxMs');
    for (const name of ['batchMax', 'unacknowledgedMax', 'writesMax', 'retainMax'] as const)
      assert(this.#options[name] >= 1, `${name} must be >= 1, not ${this.#options[name]}`);
    for (const name of ['appendTimeoutMs', 'lagMaxMs'] as const)
      assert(this.#options[name] > 0, `${name} must be > 0, not ${this.#options[name]}`);
    this.#state = new LogState(recovered);
  }

  get status(): LogStatus {
    const { generation, start, end, highWaterMark, lowWaterMark } = this.#state;
    const role = this.#role.kind;
    return {
      role,
      generation,
      leader: this.#leader,
      start,
      end,
      highWaterMark,
      lowWaterMark,
      freshAsOf: this.#freshAsOf,
    };
  }

  /** What may be shown here, as a position that others can be asked about. */
  get shown(): LogPosition {
    return this.#state.history.positionAt(this.#state.highWaterMark, this.#state.end);
  }

  /**
   * Whether what was seen or written at `position`, somewhere, is among what may be shown here. `lost`: it never will be; acknowledged records of a later generation
   * stand there. (Others may yet be cut away.)
   */
  relationTo(position: LogPosition): 'has' | 'behind' | 'lost' {
    const { history, highWaterMark } = this.#state;
    return history.truncated(highWaterMark).relationTo(position, highWaterMark);
  }

  get deadline(): Instant | undefined {
    const { deadline } = this.#role.kind === 'fenced' ? { deadline: undefined } : this.#role.part;
    return deadline === Number.POSITIVE_INFINITY ? undefined : deadline;
  }

  /** Advances the machine. Effects are appended to `out`, in the order they must run. */
  step(input: LogInput, now: Instant, out: LogEffect[]): void {
    switch (input.kind) {
      case 'append':
        if (this.#role.kind === 'leader') return this.#role.part.append(input, now, out);
        return void out.push({ kind: 'refused', id: input.id, why: 'not-leader', leader: this.#leader });
      case 'message':
        return this.#message(input.from, input.message, now, out);
      case 'lead':
        return this.#lead(input, now, out);
      case 'follow':
        return this.#follow(input.generation, input.leader, now, out);
      case 'persisted':
        return this.#persisted(input.ticket, now, out);
      case 'in-sync':
        if (this.#role.kind === 'leader') this.#role.part.decided(input.inSync, now, out);
        return;
      case 'release':
        if (this.#role.kind === 'leader') this.#role.part.release(input.index, out);
        return;
      case 'dropped':
        return this.#state.dropped(input.start);
      case 'tick':
        if (this.#role.kind !== 'fenced') this.#role.part.tick(now, out);
    }
  }

  get #leader(): string | undefined {
    if (this.#role.kind === 'leader') return this.#options.self;
    return this.#role.kind === 'follower' ? this.#role.part.leader : undefined;
  }

  get #freshAsOf(): Instant | undefined {
    if (this.#role.kind === 'leader') return this.#role.part.freshAsOf;
    const { freshAsOf } = this.#state;
    return freshAsOf === Number.NEGATIVE_INFINITY ? undefined : freshAsOf;
  }

  #message(from: string, message: LogMessage, now: Instant, out: LogEffect[]): void {
    const { generation } = this.#state;
    if (message.generation < generation) {
      if (message.kind === 'superseded' || message.kind === 'position') return;
      return void out.push({
        kind: 'send',
        to: from,
        message: { kind: 'superseded', generation },
        after: this.#state.pending,
      });
    }
    if (message.generation > generation) this.#promise(message.generation, out);
    switch (message.kind) {
      case 'fence':
        return this.#sayPosition(from, out);
      case 'fetch':
        if (this.#role.kind === 'leader') this.#role.part.fetch(from, message, now, out);
        return;
      case 'held':
        if (this.#role.kind === 'leader') this.#role.part.held(from, message.end, now, out);
        return;
      case 'records':
      case 'diverged':
      case 'restart':
        if (this.#role.kind === 'follower' && this.#role.part.leader === from)
          this.#role.part.answer(message, now, out);
        return;
      case 'position':
      case 'superseded':
        return;
    }
  }

  /** From here on nothing of a lower generation is taken. Nobody may count on that before it is on disk. */
  #promise(generation: number, out: LogEffect[]): void {
    this.#state.generation = generation;
    if (this.#role.kind === 'leader') this.#role.part.stepDown(out);
    this.#become(FENCED, out);
    this.#state.persist({}, out);
  }

  #sayPosition(to: string, out: LogEffect[]): void {
    // Whoever has begun to take part in the generation is asked by a failover that is over.
    if (this.#role.kind !== 'fenced') return;
    const { generation, synced, end, pending } = this.#state;
    out.push({ kind: 'send', to, message: { kind: 'position', generation, synced, end }, after: pending });
  }

  #lead(input: LogInput & { readonly kind: 'lead' }, now: Instant, out: LogEffect[]): void {
    const { mode, self } = this.#options;
    const { generation, replicas, inSync } = input;
    assert(replicas.includes(self), 'a leader must be one of its replicas');
    // One that is named twice would count for two copies.
    assert(new Set(replicas).size === replicas.length, `replicas must be distinct, not ${replicas.join(', ')}`);
    assert(mode.kind !== 'synchronous' || inSync !== undefined, 'a synchronous leader must know the in-sync set');
    replicationFacts(mode, replicas.length);
    // Once per generation: after a crash, records of it that others have may be missing here.
    if (generation < this.#state.generation) return;
    if (generation > this.#state.generation) this.#promise(generation, out);
    if (this.#role.kind !== 'fenced' || this.#state.synced >= generation) return;
    this.#state.synced = generation;
    this.#state.persist({}, out);
    this.#become({ kind: 'leader', part: new LogLeader(this.#options, this.#state, replicas, inSync, now) }, out);
  }

  #follow(generation: number, leader: string, now: Instant, out: LogEffect[]): void {
    if (generation < this.#state.generation || leader === this.#options.self) return;
    if (generation > this.#state.generation) this.#promise(generation, out);
    if (this.#role.kind !== 'fenced') return;
    const part = new LogFollower(leader, this.#options, this.#state);
    this.#become({ kind: 'follower', part }, out);
    part.fetch(now, out);
  }

  #persisted(ticket: number, now: Instant, out: LogEffect[]): void {
    this.#state.persisted(ticket);
    if (this.#role.kind === 'leader') this.#role.part.advance(now, out);
    if (this.#role.kind === 'follower') this.#role.part.persisted(now, out);
  }

  #become(role: Role, out: LogEffect[]): void {
    if (role.kind === this.#role.kind && role.kind === 'fenced') return;
    this.#role = role;
    const kind: LogRole = role.kind;
    out.push({ kind: 'role', role: kind, generation: this.#state.generation, leader: this.#leader });
  }
}
