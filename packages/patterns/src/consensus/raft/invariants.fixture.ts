/**
 * What must hold after every step, whatever happens: figure 3 of the paper, and what the README of this family promises
 * besides. Knows nothing of the kernel but its effects.
 */
import { InvariantError } from '../../base/index.ts';
import { quorumIndex } from './configuration.ts';
import type { LogImage } from './disk.fixture.ts';
import type { Configuration, Entry, NodeId, RaftRole } from './types.ts';

export interface Witness {
  readonly id: NodeId;
  /** The log as written, durable or not. */
  readonly image: LogImage;
  /** Is the entry on the disk, or was it until the disk was damaged? */
  held(index: number, term: number): boolean;
  readonly term: number;
  readonly role: RaftRole;
  readonly commitIndex: number;
  readonly configuration: Configuration;
}

export class Invariants {
  readonly #leaders = new Map<number, NodeId>();
  /** By `index:term`: what the entry is and which term the one before it has. */
  readonly #written = new Map<string, { entry: Entry; previousTerm: number | undefined }>();
  /** At `index - 1`: what was first handed out there. */
  readonly #committed: Entry[] = [];
  /** Per node and life. */
  readonly #seen = new Map<NodeId, { term: number; commitIndex: number }>();

  get maxCommit(): number {
    return this.#committed.length;
  }

  committedAt(index: number): Entry | undefined {
    return this.#committed[index - 1];
  }

  restarted(id: NodeId): void {
    this.#seen.delete(id);
  }

  /** After every step of a node. */
  stepped(node: Witness): void {
    const seen = this.#seen.get(node.id);
    if (seen !== undefined) {
      check(node.term >= seen.term, `monotone term: ${node.id} went from ${seen.term} to ${node.term}`);
      check(node.commitIndex >= seen.commitIndex, `monotone commit: ${node.id} went back to ${node.commitIndex}`);
    }
    this.#seen.set(node.id, { term: node.term, commitIndex: node.commitIndex });
    if (node.role !== 'leader') return;
    const known = this.#leaders.get(node.term);
    check(known === undefined || known === node.id, `election safety: ${known} and ${node.id} lead term ${node.term}`);
    this.#leaders.set(node.term, node.id);
  }

  /** A node became leader. */
  elected(node: Witness): void {
    for (const entry of this.#committed) {
      const term = node.image.termAt(entry.index);
      const has = term === entry.term || entry.index <= node.image.mark.index;
      check(has || entry.term > node.term, `leader completeness: ${node.id} leads without ${show(entry)}`);
    }
  }

  /** A node wrote entries; `replaced` had been in their place. */
  wrote(node: Witness, entries: readonly Entry[], replaced: readonly Entry[]): void {
    for (const gone of replaced) {
      const kept = entries.some((entry) => entry.index === gone.index && entry.term === gone.term);
      const committed = this.#committed[gone.index - 1]?.term === gone.term;
      check(kept || !committed, `committed entries stay: ${node.id} truncated ${show(gone)}`);
    }
    for (const entry of entries) {
      const key = `${entry.index}:${entry.term}`;
      const previousTerm = entry.index === 1 ? 0 : node.image.termAt(entry.index - 1);
      const known = this.#written.get(key);
      if (known === undefined) {
        this.#written.set(key, { entry, previousTerm });
        continue;
      }
      check(same(known.entry, entry), `log matching: two entries are ${show(entry)}`);
      check(known.previousTerm === previousTerm, `log matching: ${show(entry)} follows on terms that differ`);
    }
  }

  /** A node handed entries to its state machine. */
  applied(node: Witness, entries: readonly Entry[], everybody: readonly Witness[]): void {
    for (const entry of entries) {
      const known = this.#committed[entry.index - 1];
      if (known === undefined) {
        check(entry.index === this.#committed.length + 1, `gap: ${node.id} applied ${show(entry)} too early`);
        this.#committed.push(entry);
        this.#checkDurable(node, entry, everybody);
      } else check(same(known, entry), `state-machine safety: ${node.id} applied ${show(entry)} for ${show(known)}`);
    }
  }

  /** A read was answered with `index`; when it was asked, `floor` was the highest commit index anywhere. */
  read(id: NodeId, index: number, floor: number): void {
    check(index >= floor, `linearizable reads: ${id} may read at ${index}, but ${floor} was committed when it asked`);
  }

  #checkDurable(node: Witness, entry: Entry, everybody: readonly Witness[]): void {
    const holds = new Set<NodeId>();
    for (const each of everybody) if (each.held(entry.index, entry.term)) holds.add(each.id);
    const onQuorum = quorumIndex(node.configuration, (id) => (holds.has(id) ? 1 : 0)) >= 1;
    check(onQuorum, `durable on a quorum: ${show(entry)} was committed, only ${[...holds]} hold it`);
  }
}

function check(holds: boolean, message: string): asserts holds {
  if (!holds) throw new InvariantError(message);
}

function same(a: Entry, b: Entry): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.term !== b.term || a.index !== b.index) return false;
  return a.kind !== 'data' || b.kind !== 'data' || a.data === b.data;
}

function show(entry: Entry): string {
  return `${entry.kind} ${entry.index}@${entry.term}`;
}
