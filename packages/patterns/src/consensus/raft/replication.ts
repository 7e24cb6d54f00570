/**
 * Log replication on the leader: section 5.3 and 5.4.2, pipelined and batched as in thesis 10.2.1. One append request
 * carries whatever is new for that follower; it leaves without waiting for the leader's own disk.
 *
 * A message object that says the same to several followers is the same object, so that it can be encoded once.
 */

import { assert } from '../../base/index.ts';
import { membersOf } from './configuration.ts';
import type { Core } from './core.ts';
import { ENTRY_OVERHEAD_BYTES, entrySizeBytes } from './log.ts';
import { Progress } from './progress.ts';
import type { Entry, NodeId, RaftMessage, RefusalReason } from './types.ts';

type AppendRequest = Extract<RaftMessage, { kind: 'append-request' }>;
type AppendRejected = Extract<RaftMessage, { kind: 'append-rejected' }>;

interface Made {
  readonly request: AppendRequest;
  /** Of its entries. */
  readonly bytes: number;
  /** Where the log ended then. */
  readonly lastIndex: number;
}

export class Replication {
  readonly #core: Core;
  readonly #peers = new Map<NodeId, Progress>();
  /** The same, for loops. */
  #list: readonly Progress[] = [];
  readonly #matchOf: (id: NodeId) => number;
  #uncommittedBytes = 0;
  /** The last request that was made, for the next follower that is at the same place. */
  #made: Made | undefined;

  constructor(core: Core) {
    this.#core = core;
    this.#matchOf = (id) =>
      id === core.id
        ? core.rules.ownMatch(core.durability.durableIndex, core.log.lastIndex)
        : // On a leader every other voter is a peer.
          this.#peers.get(id)!.match;
  }

  get peers(): readonly Progress[] {
    return this.#list;
  }

  peer(id: NodeId): Progress | undefined {
    return this.#peers.get(id);
  }

  get uncommittedBytes(): number {
    return this.#uncommittedBytes;
  }

  start(): void {
    const { log, commitIndex } = this.#core;
    this.#uncommittedBytes = log.bytesOf(commitIndex + 1, log.lastIndex);
    this.reconcile();
  }

  stop(): void {
    this.#peers.clear();
    this.#list = [];
    this.#made = undefined;
  }

  /**
   * The members changed. Those on their way out are fed until their removal is committed, so that they learn of it and
   * do not stand for election for ever (thesis 4.2.3).
   */
  reconcile(): void {
    const { configurations, id, log, now, settings } = this.#core;
    const wanted = membersOf(configurations.current);
    for (const leaving of membersOf(configurations.previous)) wanted.add(leaving);
    wanted.delete(id);
    for (const known of this.#peers.keys()) if (!wanted.has(known)) this.#peers.delete(known);
    for (const member of wanted) {
      if (!this.#peers.has(member)) this.#peers.set(member, new Progress(member, log.lastIndex + 1, now, settings));
    }
    this.#list = [...this.#peers.values()];
  }

  /** Answers with `proposed` or `refused`. O(data), plus one request per follower. */
  propose(id: number, data: readonly Uint8Array[]): void {
    const { term, log, out } = this.#core;
    assert(data.length > 0, 'a proposal must hold at least one item');
    const reason = this.#refusal(data);
    if (reason !== undefined) return this.refuse(id, reason);
    const firstIndex = log.lastIndex + 1;
    const entries: Entry[] = [];
    for (const each of data) entries.push({ kind: 'data', index: firstIndex + entries.length, term, data: each });
    out.push({ kind: 'proposed', id, firstIndex, lastIndex: firstIndex + entries.length - 1, term });
    this.#appendAll(entries);
  }

  refuse(id: number, reason: RefusalReason): void {
    this.#core.out.push({ kind: 'refused', id, reason, leader: this.#core.leader });
  }

  /** Appends what the leader itself has to say. Not subject to the bound on uncommitted bytes. */
  append(entry: Entry): void {
    this.#appendAll([entry]);
  }

  /** Sends everybody what they lack, as far as their windows allow. */
  broadcast(): void {
    for (const peer of this.#list) this.feed(peer);
    this.#core.heartbeats.commitCarried();
  }

  feed(peer: Progress): void {
    const { lastIndex } = this.#core.log;
    // In probe even an empty request is worth sending, until it is known where the logs meet.
    while (peer.ready && (peer.next <= lastIndex || peer.unmet)) if (!this.#send(peer, true)) return;
  }

  accepted(from: NodeId, index: number): void {
    const { log, heartbeats, transfer, now } = this.#core;
    const peer = this.#peers.get(from);
    if (peer === undefined || index > log.lastIndex) return;
    peer.contactAt = now;
    peer.accepted(index);
    if (peer.state === 'probe' && index >= peer.match) peer.toReplicate();
    if (peer.state === 'snapshot' && peer.match >= log.baseIndex) peer.toReplicate();
    this.advanceCommit();
    // What is committed now may be this leader's own removal.
    if (!this.#core.isLeader) return;
    if (Math.min(peer.match, this.#core.commitIndex) > peer.commitSent) heartbeats.commitAdvanced();
    transfer.progressed(peer);
    this.feed(peer);
  }

  /** Section 5.3: step back and try again, by whole terms instead of by entries. */
  rejected(from: NodeId, rejection: AppendRejected): void {
    const peer = this.#peers.get(from);
    if (peer === undefined) return;
    peer.contactAt = this.#core.now;
    if (peer.state === 'snapshot') return;
    if (rejection.rejectedIndex <= peer.match) {
      // An answer that was overtaken by an acceptance says nothing new, unless the acceptance was of an earlier life.
      if (!peer.forgetful) return;
      peer.forget(rejection.rejectedIndex);
    } else if (peer.state === 'replicate') {
      peer.toProbe();
    } else {
      if (rejection.rejectedIndex !== peer.next - 1) return;
      const hint = Math.min(rejection.rejectedIndex - 1, rejection.hintIndex);
      peer.toProbe(this.#core.log.lastIndexAtMost(hint, rejection.hintTerm) + 1);
    }
    this.feed(peer);
  }

  /** A sign of life: in probe, try once more; in replicate, find out whether something was lost. */
  stirred(peer: Progress): void {
    peer.paused = false;
    const stuck = peer.match === peer.matchAtHeartbeat && peer.match < peer.next - 1;
    peer.matchAtHeartbeat = peer.match;
    if (peer.state === 'replicate' && stuck) this.#send(peer, false);
    this.feed(peer);
  }

  unreachable(id: NodeId): void {
    const peer = this.#peers.get(id);
    if (peer?.state !== 'replicate') return;
    peer.toProbe();
    peer.paused = true;
  }

  /** A damaged member asks to be repaired. Not a sign of life that counts: it cannot speak for what it forgot. */
  repairRequested(from: NodeId, id: number): void {
    const peer = this.#peers.get(from);
    if (peer === undefined) return;
    peer.forget(this.#core.log.lastIndex);
    peer.paused = true;
    this.#core.reads.confirmFor(from, id);
  }

  /** The member may be fed again. */
  resume(peer: Progress): void {
    peer.paused = false;
    this.feed(peer);
  }

  /** Section 5.3 and 5.4.2: commits what a quorum holds durably, if it is of this term. */
  advanceCommit(): void {
    const { rules, configuration, log, term } = this.#core;
    const index = Math.min(rules.quorumReached(configuration, this.#matchOf), log.lastIndex);
    if (rules.mayCommit(log.termAt(index), term)) this.#core.commitTo(index);
  }

  committed(entries: readonly Entry[]): void {
    for (const entry of entries) this.#uncommittedBytes -= entrySizeBytes(entry);
    this.#core.heartbeats.commitAdvanced();
  }

  #appendAll(entries: Entry[]): void {
    for (const entry of entries) this.#uncommittedBytes += entrySizeBytes(entry);
    this.#core.append(entries);
    this.broadcast();
  }

  #refusal(data: readonly Uint8Array[]): RefusalReason | undefined {
    const { isLeader, transfer, settings } = this.#core;
    if (!isLeader) return 'not-leader';
    if (transfer.target !== undefined) return 'transferring';
    // One batch is always let through, so that what is larger than the bound is not refused for ever.
    if (this.#uncommittedBytes === 0) return undefined;
    let bytes = this.#uncommittedBytes + data.length * ENTRY_OVERHEAD_BYTES;
    for (const each of data) bytes += each.length;
    return bytes > settings.uncommittedBytesMax ? 'uncommitted-log-full' : undefined;
  }

  /** Returns whether the peer could be served from the log. */
  #send(peer: Progress, withEntries: boolean): boolean {
    const { log, snapshots } = this.#core;
    const prevIndex = peer.next - 1;
    const prevTerm = log.termAt(prevIndex);
    if (prevTerm === undefined) {
      snapshots.offer(peer);
      return false;
    }
    const { request, bytes } = withEntries ? this.#requestFrom(prevIndex, prevTerm) : this.#probe(prevIndex, prevTerm);
    const lastIndex = prevIndex + request.entries.length;
    if (withEntries) peer.sent(lastIndex, bytes);
    peer.commitSent = Math.max(peer.commitSent, Math.min(request.commit, lastIndex));
    this.#core.send(peer.id, request);
    return true;
  }

  #probe(prevIndex: number, prevTerm: number): Made {
    return this.#make(prevIndex, prevTerm, prevIndex);
  }

  #requestFrom(prevIndex: number, prevTerm: number): Made {
    const { commitIndex, log, settings } = this.#core;
    const { request, lastIndex } = this.#made ?? {};
    const same = request?.prevIndex === prevIndex && request.commit === commitIndex && lastIndex === log.lastIndex;
    if (!same) this.#made = this.#make(prevIndex, prevTerm, log.lastWithin(prevIndex + 1, settings.appendBytesMax));
    return this.#made!;
  }

  /** With the entries behind `prevIndex` up to `to`. */
  #make(prevIndex: number, prevTerm: number, to: number): Made {
    const { term, commitIndex: commit, log } = this.#core;
    const entries = log.slice(prevIndex + 1, to);
    const request: AppendRequest = { kind: 'append-request', term, prevIndex, prevTerm, commit, entries };
    return { request, bytes: log.bytesOf(prevIndex + 1, to), lastIndex: log.lastIndex };
  }
}
