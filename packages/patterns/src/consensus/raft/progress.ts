/**
 * What the leader knows of one other member, and how it feeds it.
 *
 *                rejected, unreachable
 *          +--------------------------------+
 *          v            accepted            |
 *        probe ------------------------> replicate     probe: one message at a time, until the logs are known to meet
 *        ^   |                              |          replicate: optimistic, `next` runs ahead within the window
 *   sent |   | next entry forgotten         |          snapshot: silent until the driver has streamed one
 *        |   v                              |
 *       snapshot <--------------------------+
 */
import type { Instant } from '../../base/index.ts';
import { InflightWindow } from './inflight-window.ts';
import type { Settings } from './settings.ts';
import type { NodeId } from './types.ts';

export type ProgressState = 'probe' | 'replicate' | 'snapshot';

export class Progress {
  readonly id: NodeId;
  readonly inflight: InflightWindow;
  state: ProgressState = 'probe';
  /** Known to be in the member's log, durably. */
  match = 0;
  /** The first entry to send next. Invariant: `match < next`. */
  next: number;
  /** In state probe: nothing leaves until the member is heard of again. */
  paused = false;
  /** The commit index it was last told. */
  commitSent = 0;
  /** When anything last came from it (check-quorum, thesis 6.2). */
  contactAt: Instant;
  /** The latest read round it has confirmed, and when that round was sent (thesis 6.4). */
  confirmedRound = 0;
  confirmedSentAt: number = Number.NEGATIVE_INFINITY;
  /** `match` when it last answered a heartbeat: no advance since then means that something was lost. */
  matchAtHeartbeat = -1;
  /** It lost entries that it had acknowledged, so a rejection below `match` is believed. */
  forgetful = false;

  constructor(id: NodeId, next: number, now: Instant, settings: Settings) {
    this.id = id;
    this.next = next;
    this.contactAt = now;
    this.inflight = new InflightWindow(settings.inflightMessagesMax, settings.inflightBytesMax);
  }

  /** May an append request leave? */
  get ready(): boolean {
    if (this.state === 'replicate') return !this.inflight.full;
    return this.state === 'probe' && !this.paused;
  }

  /** It is not known whether the logs meet before `next`. */
  get unmet(): boolean {
    return this.state === 'probe' && this.match < this.next - 1;
  }

  sent(lastIndex: number, bytes: number): void {
    if (this.state === 'probe') {
      this.paused = true;
      return;
    }
    this.next = lastIndex + 1;
    this.inflight.add(lastIndex, bytes);
  }

  accepted(index: number): void {
    if (this.state === 'replicate') this.inflight.freeTo(index);
    else this.paused = false;
    this.match = Math.max(this.match, index);
    this.next = Math.max(this.next, this.match + 1);
  }

  /** Tries from `next` on, but not from before what the member is known to hold; without `next` from right behind that. */
  toProbe(next = 0): void {
    this.state = 'probe';
    this.paused = false;
    this.next = Math.max(next, this.match + 1);
    this.inflight.clear();
  }

  toReplicate(): void {
    this.state = 'replicate';
    this.next = this.match + 1;
  }

  toSnapshot(): void {
    this.state = 'snapshot';
    this.inflight.clear();
  }

  /** The member lost what it acknowledged: start over with it (see `repair.ts`). */
  forget(next: number): void {
    this.forgetful = true;
    this.match = 0;
    this.confirmedRound = 0;
    this.confirmedSentAt = Number.NEGATIVE_INFINITY;
    this.toProbe(next);
  }
}
