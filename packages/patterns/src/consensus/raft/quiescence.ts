/**
 * Silence by agreement, so that a node can host very many groups: when nothing is outstanding the leader says so in a
 * last heartbeat and stops, and its followers stop waiting for it. As in CockroachDB's quiescent ranges; not in the paper.
 *
 *            settled for quiesceAfterMs                anything stirs
 *     awake -----------------------------> quiet ---------------------> awake
 *
 * What is given up: a quiet group does not notice that its leader died until something stirs it: a request, a message,
 * or the driver's `unreachable` for the leader. What is kept: every wake-up starts with a whole election timeout of
 * patience and of stickiness, and a quiet leader's lease runs out by the clock as always.
 */
import type { Instant } from '../../base/index.ts';
import type { Core } from './core.ts';
import type { RaftInput } from './types.ts';

export class Quiescence {
  readonly #core: Core;
  #quiet = false;
  /** On the leader: since when nothing is outstanding. */
  #settledSince: Instant | undefined;

  constructor(core: Core) {
    this.#core = core;
  }

  get quiet(): boolean {
    return this.#quiet;
  }

  /** Before an input is handled: does it end the silence? */
  stir(input: RaftInput): void {
    if (this.#core.settings.quiesceAfterMs === undefined && !this.#quiet) return;
    if (!this.#stirs(input)) return;
    this.#settledSince = undefined;
    if (this.#quiet) this.#wake();
  }

  /** On the leader, at a heartbeat. Returns whether the leader went quiet instead. */
  tick(): boolean {
    const { settings, now, heartbeats } = this.#core;
    if (settings.quiesceAfterMs === undefined) return false;
    if (!this.#settled) return false;
    this.#settledSince ??= now;
    if (now - this.#settledSince < settings.quiesceAfterMs) return false;
    heartbeats.sendQuiesce();
    this.#quiet = true;
    return true;
  }

  /** A follower hears the leader's last words, and agrees if it has and knows everything. */
  agree(commit: number): void {
    const { log, commitIndex } = this.#core;
    this.#quiet = log.lastIndex === commit && commitIndex === commit;
  }

  #stirs(input: RaftInput): boolean {
    switch (input.kind) {
      case 'tick':
      case 'persisted':
      case 'applied':
      case 'compact':
        return false;
      case 'unreachable':
        return input.peer === this.#core.leader;
      case 'message':
        // Answers to the last heartbeat do not end the silence that it begins.
        return input.message.kind !== 'heartbeat-response' || input.message.term > this.#core.term;
      default:
        return true;
    }
  }

  #wake(): void {
    const { isLeader, replication, heartbeats, election, now } = this.#core;
    this.#quiet = false;
    if (!isLeader) return election.heardLeader();
    for (const peer of replication.peers) peer.contactAt = now;
    heartbeats.resume();
  }

  /**
   * Nothing to send and nothing to wait for: every member has everything, so all of it is committed, and a joint
   * configuration has been left. The last heartbeat tells those who do not know so yet.
   */
  get #settled(): boolean {
    const { log, durability, transfer, reads, replication } = this.#core;
    if (durability.barrier !== 0 || transfer.target !== undefined || !reads.idle) return false;
    return replication.peers.every((peer) => peer.match === log.lastIndex);
  }
}
