/** A simulated driver: one Raft node over a simulated disk. The cluster around it delivers and schedules. */
import { assert, type Instant } from '../../base/index.ts';
import { FixtureDisk, LogImage } from './disk.fixture.ts';
import type { Witness } from './invariants.fixture.ts';
import { Raft } from './raft.ts';
import type { RaftRules } from './rules.ts';
import type { RaftStatus } from './status.ts';
import type {
  Configuration,
  Entry,
  NodeId,
  RaftEffect,
  RaftInput,
  RaftMessage,
  RaftOptions,
  RaftRole,
  SnapshotMark,
} from './types.ts';

/** What a node tells the cluster around it. */
export interface NodeHost {
  /** Every effect, before it is carried out. */
  saw?(node: FixtureNode, effect: RaftEffect): void;
  /** A message leaves. */
  sent(from: FixtureNode, to: NodeId, message: RaftMessage): void;
  /** Something waits for a sync. */
  writes(node: FixtureNode): void;
  /** Any other effect. */
  effect(node: FixtureNode, effect: RaftEffect): void;
  wrote(node: FixtureNode, entries: readonly Entry[], replaced: readonly Entry[]): void;
}

export class FixtureNode implements Witness {
  readonly id: NodeId;
  readonly disk: FixtureDisk;
  raft: Raft | undefined;
  image: LogImage;
  appliedIndex = 0;
  /** Counts restarts, so that what belongs to an earlier life can be told. */
  life = 0;
  readonly #options: RaftOptions;
  readonly #rules: RaftRules | undefined;
  readonly #host: NodeHost;
  #held: Extract<RaftEffect, { kind: 'send' }>[] = [];
  #durableTicket = 0;
  #role: RaftRole = 'follower';

  constructor(options: RaftOptions, configuration: Configuration, host: NodeHost, rules?: RaftRules) {
    this.id = options.id;
    this.#options = options;
    this.#host = host;
    this.#rules = rules;
    this.disk = new FixtureDisk(configuration);
    this.image = new LogImage(configuration);
  }

  get running(): boolean {
    return this.raft !== undefined;
  }

  held(index: number, term: number): boolean {
    return this.disk.held(index, term);
  }

  get durable(): LogImage {
    return this.disk.durable;
  }

  get status(): RaftStatus {
    assert(this.raft !== undefined, `${this.id} is down`);
    return this.raft.status;
  }

  get term(): number {
    return this.status.term;
  }

  get role(): RaftRole {
    return this.status.role;
  }

  get commitIndex(): number {
    return this.status.commitIndex;
  }

  get configuration(): Configuration {
    return this.raft === undefined ? this.durable.mark.configuration : this.status.configuration;
  }

  start(now: Instant): void {
    this.disk.durable.recover();
    const { state, mark, entries } = this.disk.durable;
    const restart = { state, mark, entries, applied: mark.index, damaged: this.disk.damaged };
    this.raft = new Raft(this.#options, restart, now, this.#rules);
    this.image = this.disk.durable.copy();
    this.appliedIndex = mark.index;
    this.#held = [];
    this.#durableTicket = 0;
    this.#role = 'follower';
    this.life += 1;
  }

  crash(survivors: number): void {
    this.disk.crash(survivors);
    this.raft = undefined;
  }

  step(input: RaftInput, now: Instant): void {
    assert(this.raft !== undefined, `${this.id} is down`);
    const effects: RaftEffect[] = [];
    this.raft.step(input, now, effects);
    for (const effect of effects) this.#run(effect);
    if (effects.some(({ kind }) => kind === 'commit')) this.step({ kind: 'applied', index: this.appliedIndex }, now);
  }

  /** Makes the oldest `count` writes durable and lets go what waited for them. */
  sync(now: Instant, count?: number): void {
    const ticket = this.disk.sync(count);
    if (ticket === undefined) return;
    this.#durableTicket = ticket;
    const leaving = this.#held.filter(({ after }) => after <= ticket);
    this.#held = this.#held.filter(({ after }) => after > ticket);
    for (const { to, message } of leaving) this.#host.sent(this, to, message);
    this.step({ kind: 'persisted', ticket }, now);
  }

  /** Takes a snapshot of what is applied, keeping a few entries for slow followers. */
  compact(keep: number, now: Instant): void {
    const term = this.image.termAt(this.appliedIndex);
    if (term === undefined || this.appliedIndex <= this.image.mark.index || !this.disk.idle) return;
    const mark: SnapshotMark = { index: this.appliedIndex, term, configuration: this.#configurationAt() };
    const keepFrom = Math.max(1, mark.index + 1 - keep);
    for (const log of [this.disk.durable, this.image]) {
      log.mark = mark;
      log.forgetBefore(keepFrom);
    }
    this.step({ kind: 'compact', mark, keepFrom }, now);
  }

  #configurationAt(): Configuration {
    let configuration = this.image.mark.configuration;
    for (const entry of this.image.entries) {
      const settled = entry.index > this.image.mark.index && entry.index <= this.appliedIndex;
      if (settled && entry.kind === 'configuration') configuration = entry.configuration;
    }
    return configuration;
  }

  #run(effect: RaftEffect): void {
    this.#host.saw?.(this, effect);
    switch (effect.kind) {
      case 'persist':
      case 'restore': {
        const replaced = this.image.apply(effect);
        if (effect.kind === 'persist') this.#host.wrote(this, effect.entries, replaced);
        else this.appliedIndex = effect.mark.index;
        this.disk.write(effect);
        return this.#host.writes(this);
      }
      case 'send':
        if (effect.after > this.#durableTicket) this.#held.push(effect);
        else this.#host.sent(this, effect.to, effect.message);
        return;
      case 'commit':
        for (const { index } of effect.entries) {
          assert(index === this.appliedIndex + 1, `${this.id} was handed ${index} after ${this.appliedIndex}`);
          this.appliedIndex = index;
        }
        return this.#host.effect(this, effect);
      case 'repaired':
        this.disk.lost = undefined;
        return this.#host.effect(this, effect);
      case 'role':
        if (effect.role === 'leader' && this.#role !== 'leader') this.#host.effect(this, effect);
        this.#role = effect.role;
        return;
      default:
        return this.#host.effect(this, effect);
    }
  }
}
