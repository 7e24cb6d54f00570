/**
 * Leadership transfer: thesis 3.10. The leader stops taking proposals, brings the target's log up to its own, and tells
 * it to stand for election at once. Given up after an election timeout.
 */
import { Instant } from '../../base/index.ts';
import type { Core } from './core.ts';
import type { Progress } from './progress.ts';
import type { NodeId } from './types.ts';

export class Transfer {
  readonly #core: Core;
  #target: NodeId | undefined;
  #until = Instant.of(0);
  #told = false;

  constructor(core: Core) {
    this.#core = core;
  }

  /** To whom leadership is being moved. */
  get target(): NodeId | undefined {
    return this.#target;
  }

  get deadline(): Instant | undefined {
    return this.#target === undefined ? undefined : this.#until;
  }

  stop(): void {
    this.#target = undefined;
  }

  /** A new target replaces the old one; the same one is not asked twice. */
  begin(to: NodeId): void {
    const { replication, configuration, settings } = this.#core;
    const peer = replication.peer(to);
    if (peer === undefined || !configuration.voters.includes(to) || this.#target === to) return;
    this.#target = to;
    this.#told = false;
    this.#until = this.#core.after(settings.electionTimeoutMs);
    this.progressed(peer);
  }

  /** That member's log grew. */
  progressed(peer: Progress): void {
    if (peer.id !== this.#target || this.#told || peer.match < this.#core.log.lastIndex) return;
    this.#told = true;
    this.#tell(peer.id);
  }

  tick(): void {
    if (this.#core.now >= this.#until) this.#target = undefined;
  }

  /** A leader that is leaving spares the others an election timeout. */
  handOver(): void {
    const { replication, configuration } = this.#core;
    const voters = replication.peers.filter((peer) => configuration.voters.includes(peer.id));
    this.#tell(voters.reduce((best, peer) => (peer.match > best.match ? peer : best)).id);
  }

  #tell(to: NodeId): void {
    this.#core.heartbeats.forfeitLease();
    this.#core.send(to, { kind: 'timeout-now', term: this.#core.term });
  }
}
