/**
 * Linearizable reads on the leader without writing to the log: ReadIndex rounds (thesis 6.4) and leases (6.4.1), for
 * this node's own readers and for followers'.
 *
 * A reader waits for a round that was sent after it came; the index of the round is the commit index when it was sent.
 * All that wait go with the next round. A few rounds may be in flight at once, so that a reader waits for one exchange
 * with a quorum, not for two.
 */
import type { Core } from './core.ts';
import type { NodeId } from './types.ts';

/** Rounds in flight for the sake of readers. Regular heartbeats are rounds too and are not counted. */
const ROUNDS_MAX = 4;
/** Readers that wait here, this node's and others'; more are turned away to try again. */
export const READS_MAX: number = 65_536;

interface Remote {
  readonly to: NodeId;
  readonly id: number;
  /** It asks how far it must catch up, not up to where it may read (see `repair.ts`). */
  readonly repair: boolean;
}

/** Those that go with one round. */
interface Readers {
  readonly ids: number[];
  readonly remotes: Remote[];
}

interface Round extends Readers {
  readonly round: number;
  /** The commit index when it was sent. */
  readonly index: number;
}

export class Reads {
  readonly #core: Core;
  #waiting: Readers = { ids: [], remotes: [] };
  /** Invariant: rounds ascend. At most `ROUNDS_MAX`. */
  #inFlight: Round[] = [];
  /** Invariant: the readers in `#waiting` and `#inFlight`, at most `READS_MAX`. */
  #count = 0;

  constructor(core: Core) {
    this.#core = core;
  }

  get idle(): boolean {
    return this.#count === 0;
  }

  read(id: number): void {
    const { out, commitIndex } = this.#core;
    if (this.#readable && this.#core.heartbeats.leaseHolds) {
      out.push({ kind: 'read-ready', ids: [id], index: commitIndex });
    } else if (this.#count >= READS_MAX) {
      out.push({ kind: 'read-failed', ids: [id] });
    } else {
      this.#count += 1;
      this.#waiting.ids.push(id);
      this.#sendRound();
    }
  }

  readFor(to: NodeId, id: number): void {
    const { term, commitIndex, isLeader } = this.#core;
    if (!isLeader) {
      this.#core.send(to, { kind: 'read-response', term, id, index: undefined });
    } else if (this.#readable && this.#core.heartbeats.leaseHolds) {
      this.#core.send(to, { kind: 'read-response', term, id, index: commitIndex });
    } else if (this.#count >= READS_MAX) {
      this.#core.send(to, { kind: 'read-response', term, id, index: undefined });
    } else {
      this.#register({ to, id, repair: false });
    }
  }

  /** Answers with a `repair-response` once a round that was sent after this is confirmed. Never by lease. */
  confirmFor(to: NodeId, id: number): void {
    const known = (each: Remote): boolean => each.repair && each.to === to && each.id === id;
    if (this.#waiting.remotes.some(known) || this.#inFlight.some((readers) => readers.remotes.some(known))) return;
    if (this.#count < READS_MAX) this.#register({ to, id, repair: true });
  }

  /** A follower answered a heartbeat. */
  confirmed(): void {
    if (this.#inFlight.length > 0) this.#finish(this.#core.heartbeats.confirmedRound);
    this.#sendRound();
  }

  /** Something was committed, perhaps the first entry of this term: those that waited for it may go. */
  committed(): void {
    this.#sendRound();
  }

  /** No longer leader: nobody here can answer them. */
  abandon(): void {
    for (const readers of [...this.#inFlight, this.#waiting]) {
      if (readers.ids.length > 0) this.#core.out.push({ kind: 'read-failed', ids: readers.ids });
      for (const { to, id, repair } of readers.remotes) {
        if (!repair) this.#core.send(to, { kind: 'read-response', term: this.#core.term, id, index: undefined });
      }
    }
    this.#inFlight = [];
    this.#waiting = { ids: [], remotes: [] };
    this.#count = 0;
  }

  get #readable(): boolean {
    const { rules, log, commitIndex, term } = this.#core;
    return rules.mayRead(log.termAt(commitIndex), term);
  }

  #register(remote: Remote): void {
    this.#count += 1;
    this.#waiting.remotes.push(remote);
    this.#sendRound();
  }

  #sendRound(): void {
    if (this.#waiting.ids.length === 0 && this.#waiting.remotes.length === 0) return;
    if (this.#inFlight.length >= ROUNDS_MAX || !this.#readable) return;
    const readers = this.#waiting;
    this.#waiting = { ids: [], remotes: [] };
    this.#inFlight.push({ ...readers, index: this.#core.commitIndex, round: this.#core.heartbeats.sendRound() });
    // A group of one is its own quorum.
    this.#finish(this.#core.heartbeats.confirmedRound);
  }

  #finish(confirmedRound: number): void {
    let first = this.#inFlight[0];
    while (first !== undefined && this.#core.rules.roundConfirmed(first.round, confirmedRound)) {
      this.#inFlight.shift();
      this.#count -= first.ids.length + first.remotes.length;
      this.#answer(first);
      first = this.#inFlight[0];
    }
  }

  #answer(readers: Round): void {
    const { term, log, out, replication } = this.#core;
    if (readers.ids.length > 0) out.push({ kind: 'read-ready', ids: readers.ids, index: readers.index });
    for (const { to, id, repair } of readers.remotes) {
      if (!repair) {
        this.#core.send(to, { kind: 'read-response', term, id, index: readers.index });
        continue;
      }
      this.#core.send(to, { kind: 'repair-response', term, id, index: log.lastIndex });
      const peer = replication.peer(to);
      if (peer !== undefined) replication.resume(peer);
    }
  }
}
