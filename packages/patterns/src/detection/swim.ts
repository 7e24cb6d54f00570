/**
 * SWIM with Lifeguard: membership and failure detection at a constant load per member, put together from the parts beside it (probe, relay,
 * suspicion, round-robin order, update queue, local health, membership table).
 *
 * Das, Gupta, Motivala, SWIM, DSN 2002; Dadgar, Phillips, Currey, "Lifeguard", DSN-W 2018, sections IV.A (local health), IV.B (suspicion
 * timeouts), IV.C (buddy system: whoever we talk to hears first what we hold against it). Differs:
 * - a turn that comes late shows that *we* stood still: probes begin anew, suspicions are prolonged, local health falls;
 * - whole tables are exchanged from time to time, with any member that has not left, the dead included: that heals partitions;
 * - a run of a member is numbered by its boot epoch; who hears of a later run of its own name reports `superseded`.
 *
 * Pure: no clock, no timers; randomness is injected. O(1) messages per period; O(members) per start of a probe.
 */
import { assert, Instant } from '../base/index.ts';
import { LocalHealth } from './local-health.ts';
import { type MemberState, MembershipTable, refute } from './membership.ts';
import { Probe, type ProbeEffect } from './probe.ts';
import { ProbeOrder } from './probe-order.ts';
import { ProbeRelay, type ProbeRelayEffect } from './probe-relay.ts';
import { Suspicions } from './suspicions.ts';
import type { SwimEffect, SwimInput, SwimMessage, SwimOptions } from './swim-types.ts';
import { type MemberUpdate, retransmitLimit, UpdateQueue } from './update-queue.ts';

export class Swim {
  readonly #options: SwimOptions;
  readonly #periodMs: number;
  readonly #directTimeoutMs: number;
  readonly #stallMs: number;
  readonly #table: MembershipTable;
  readonly #order: ProbeOrder;
  readonly #probe: Probe;
  readonly #relay: ProbeRelay;
  readonly #suspicions: Suspicions;
  readonly #queue = new UpdateQueue();
  readonly #health: LocalHealth;
  readonly #probeOut: ProbeEffect[] = [];
  readonly #relayOut: ProbeRelayEffect[] = [];
  #self: MemberState;
  #seq = 0;
  #probeAt: Instant;
  #syncAt: Instant;
  #superseded = false;

  constructor(options: SwimOptions, now: Instant) {
    const periodMs = options.periodMs ?? 1000;
    const directTimeoutMs = options.directTimeoutMs ?? 500;
    assert(Number.isSafeInteger(options.epoch) && options.epoch >= 1, 'epoch must be a safe integer of 1 or more');
    this.#options = options;
    this.#periodMs = periodMs;
    this.#directTimeoutMs = directTimeoutMs;
    this.#stallMs = options.stallMs ?? directTimeoutMs;
    this.#table = new MembershipTable(options.maxMembers);
    this.#order = new ProbeOrder(options.random);
    this.#probe = new Probe({ directTimeoutMs, periodMs, stallMs: Number.POSITIVE_INFINITY });
    this.#relay = new ProbeRelay({ nackAfterMs: directTimeoutMs * 0.8 });
    this.#suspicions = new Suspicions({ ...options, periodMs });
    this.#health = new LocalHealth({ maxScore: options.maxHealthScore ?? 7, stallMs: this.#stallMs });
    this.#self = { epoch: options.epoch, sequence: 0, rank: 'alive' };
    this.#table.observe(options.self, this.#self);
    this.#probeAt = Instant.add(now, periodMs * options.random());
    this.#syncAt = Instant.add(now, this.#syncMs * (0.5 + options.random()));
  }

  /** What is known of everybody. Not to be changed by the caller. */
  get members(): MembershipTable {
    return this.#table;
  }

  /** 0 when healthy; see `LocalHealth`. */
  get healthScore(): number {
    return this.#health.score;
  }

  get deadline(): Instant {
    let next = Math.min(this.#probe.deadline ?? this.#probeAt, this.#syncAt);
    next = Math.min(next, this.#relay.deadline ?? next, this.#suspicions.deadline ?? next);
    return Instant.of(next);
  }

  /** Advances the machine. Effects are appended to `out`, in the order they must run. */
  step(input: SwimInput, now: Instant, out: SwimEffect[]): void {
    switch (input.kind) {
      case 'join':
        for (const seed of input.seeds) if (seed !== this.#options.self) this.#send(seed, this.#sync('sync'), out);
        return;
      case 'leave':
        return this.#leave(out);
      case 'stalled':
        return this.#stalled(input.delayMs, now);
      case 'message':
        return this.#message(input.from, input.message, now, out);
      case 'tick':
        return this.#tick(now, out);
    }
  }

  get #syncMs(): number {
    return this.#options.syncMs ?? 30_000;
  }

  #tick(now: Instant, out: SwimEffect[]): void {
    const lateMs = now - this.deadline;
    if (lateMs > this.#stallMs) return this.#stalled(lateMs, now);
    this.#probe.step({ kind: 'tick' }, now, this.#probeOut);
    this.#relay.step({ kind: 'tick' }, now, this.#relayOut);
    this.#runParts(now, out);
    for (const member of this.#suspicions.takeExpired(now)) {
      const state = this.#table.get(member);
      if (state?.rank === 'suspect') this.#learn({ member, state: { ...state, rank: 'dead' } }, now, out);
    }
    if (now >= this.#probeAt && this.#probe.idle) this.#startProbe(now, out);
    if (now >= this.#syncAt) {
      this.#syncAt = Instant.add(now, this.#syncMs);
      const partner = this.#syncPartner();
      if (partner !== undefined) this.#send(partner, this.#sync('sync'), out);
    }
  }

  #startProbe(now: Instant, out: SwimEffect[]): void {
    this.#probeAt = Instant.add(now, this.#health.scale(this.#periodMs));
    const target = this.#order.next();
    if (target === undefined || this.#self.rank === 'left') return;
    const relays = this.#order.others(this.#options.relays ?? 3, target);
    this.#seq += 1;
    const health = this.#health.score;
    this.#probe.step({ kind: 'probe', seq: this.#seq, target, relays, health }, now, this.#probeOut);
    this.#runParts(now, out);
  }

  #stalled(delayMs: number, now: Instant): void {
    this.#health.stalled(delayMs);
    this.#probe.step({ kind: 'stalled' }, now, this.#probeOut);
    // What was sent to us meanwhile is still to be read: time for that, too.
    this.#suspicions.excuse(delayMs + this.#directTimeoutMs);
    this.#probeAt = Instant.of(Math.max(now, this.#probeAt));
    this.#syncAt = Instant.of(Math.max(now, this.#syncAt));
  }

  #leave(out: SwimEffect[]): void {
    const { self } = this.#options;
    this.#self = { ...this.#self, rank: 'left' };
    this.#table.observe(self, this.#self);
    const update = { member: self, state: this.#self };
    this.#queue.offer(update);
    for (const to of this.#order.others(this.#options.farewells ?? 4, self))
      this.#send(to, { kind: 'news', updates: [update] }, out);
  }

  #message(from: string, message: SwimMessage, now: Instant, out: SwimEffect[]): void {
    for (const update of message.updates) this.#learn(update, now, out);
    switch (message.kind) {
      case 'ping':
        // An address that was somebody else's: silence, so that the prober finds out.
        if (message.target === this.#options.self)
          this.#send(from, { kind: 'ack', seq: message.seq, updates: this.#news(from) }, out);
        return;
      case 'ping-req': {
        this.#seq += 1;
        const { seq: askedSeq, target } = message;
        this.#relay.step({ kind: 'ping-req', from, askedSeq, target, seq: this.#seq }, now, this.#relayOut);
        break;
      }
      case 'ack':
        this.#probe.step({ kind: 'ack', seq: message.seq }, now, this.#probeOut);
        this.#relay.step({ kind: 'ack', seq: message.seq }, now, this.#relayOut);
        break;
      case 'nack':
        this.#probe.step({ kind: 'nack', seq: message.seq, from }, now, this.#probeOut);
        break;
      case 'sync':
        this.#send(from, this.#sync('synced'), out);
        return;
      case 'synced':
      case 'news':
        return;
    }
    this.#runParts(now, out);
  }

  #runParts(now: Instant, out: SwimEffect[]): void {
    for (const effect of this.#probeOut.splice(0)) {
      if (effect.kind === 'ping') this.#ping(effect.to, effect.seq, out);
      else if (effect.kind === 'ping-req') {
        const { seq, target, via } = effect;
        this.#send(via, { kind: 'ping-req', seq, target, updates: this.#news(via) }, out);
      } else this.#verdict(effect, now, out);
    }
    for (const effect of this.#relayOut.splice(0)) {
      if (effect.kind === 'ping') this.#ping(effect.to, effect.seq, out);
      else this.#send(effect.to, { kind: effect.kind, seq: effect.seq, updates: this.#news(effect.to) }, out);
    }
  }

  #ping(to: string, seq: number, out: SwimEffect[]): void {
    this.#send(to, { kind: 'ping', seq, target: to, updates: this.#news(to) }, out);
  }

  #verdict({ target, alive, healthDelta }: ProbeEffect & { kind: 'verdict' }, now: Instant, out: SwimEffect[]): void {
    this.#health.adjust(healthDelta);
    const state = this.#table.get(target);
    if (alive || state === undefined || (state.rank !== 'alive' && state.rank !== 'suspect')) return;
    const update = { member: target, state: { ...state, rank: 'suspect' }, accuser: this.#options.self } as const;
    this.#learn(update, now, out);
  }

  /** Joins one piece of news and passes on what is new. */
  #learn(update: MemberUpdate, now: Instant, out: SwimEffect[]): void {
    const { member, state, accuser = '' } = update;
    if (member === this.#options.self) return this.#answer(state, out);
    const before = this.#table.get(member);
    const observed = this.#table.observe(member, state);
    if (observed === 'full') return;
    if (observed === 'known') {
      if (state.rank === 'suspect' && before?.rank === 'suspect' && this.#suspicions.confirm(member, state, accuser))
        this.#queue.offer(update);
      return;
    }
    this.#queue.offer(update);
    if (state.rank === 'suspect') this.#suspicions.start(member, state, accuser, this.#order.size + 1, now);
    else this.#suspicions.end(member);
    if (state.rank === 'alive' || state.rank === 'suspect') this.#order.add(member);
    else this.#order.remove(member);
    out.push({ kind: 'member', member, state, before });
  }

  #answer(accusation: MemberState, out: SwimEffect[]): void {
    const answer = refute(this.#self, accusation);
    if (answer === undefined) return;
    if (answer === 'superseded') {
      if (!this.#superseded) out.push({ kind: 'superseded', epoch: accusation.epoch });
      this.#superseded = true;
      return;
    }
    this.#self = answer;
    this.#table.observe(this.#options.self, answer);
    this.#queue.offer({ member: this.#options.self, state: answer });
    this.#health.adjust(1);
  }

  /** News to go with a message to `peer`; first of all what we hold against it, so that it can refute. */
  #news(peer: string): readonly MemberUpdate[] {
    const limit = retransmitLimit(this.#options.retransmitMultiplier ?? 4, this.#order.size + 1);
    const updates = this.#queue.take(this.#options.maxUpdates ?? 8, Math.max(1, limit));
    const held = this.#table.get(peer);
    if (held === undefined || held.rank === 'alive') return updates;
    const accuser = this.#options.self;
    return [{ member: peer, state: held, accuser }, ...updates.filter(({ member }) => member !== peer)];
  }

  #sync(kind: 'sync' | 'synced'): SwimMessage {
    const accuser = this.#options.self;
    const updates = [...this.#table.entries()].map(([member, state]) => ({ member, state, accuser }));
    return { kind, updates };
  }

  #syncPartner(): string | undefined {
    const candidates: string[] = [];
    for (const [member, { rank }] of this.#table.entries())
      if (rank !== 'left' && member !== this.#options.self) candidates.push(member);
    return candidates[Math.floor(this.#options.random() * candidates.length)];
  }

  #send(to: string, message: SwimMessage, out: SwimEffect[]): void {
    out.push({ kind: 'send', to, message });
  }
}
