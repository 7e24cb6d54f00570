import type { Address } from '@quorate/env';
import type { NodeId } from '@quorate/patterns/consensus/raft';
import type { Backoff } from './backoff.ts';
import type { Dialling } from './dialling.ts';
import type { PeerLink } from './peer-link.ts';

/**
 * What is known of another node. Both sides dial, so that a node reaches even those that do not know it yet; which of two connections
 * stays is decided alike on both sides (`keepsOwn`).
 *
 *     no link --dial / accept--> link --lost--> pause (back-off) --> no link
 */
export class Peer {
  readonly id: NodeId;
  readonly backoff: Backoff;
  /** Undefined for a node that has called but is not in the list of peers: it is not dialled. */
  address: Address | undefined;
  link: PeerLink | undefined;
  dialling: Dialling | undefined;
  /** Running while the next attempt is put off. */
  pause: Disposable | undefined;

  constructor(id: NodeId, backoff: Backoff) {
    this.id = id;
    this.backoff = backoff;
  }

  /**
   * A call from that node has come while there may be a connection, or an attempt at one, of our own: whether ours stays. Of two that cross, the
   * one dialled by the lower id stays. A node that calls again although it had a connection has lost it, or is a new process.
   */
  keepsOwn(self: NodeId, incarnation: number): boolean {
    if (self > this.id) return false;
    if (this.link !== undefined) return this.link.dialled && this.link.incarnation === incarnation;
    return this.dialling?.helloSent === true;
  }
}
