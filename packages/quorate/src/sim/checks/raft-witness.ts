/**
 * Sees every input and every effect of every Raft node, and holds them against figure 3 of the Raft paper (Ongaro and Ousterhout, "In
 * Search of an Understandable Consensus Algorithm", 2014): election safety, log matching, leader completeness, state-machine
 * safety; and two consequences: what is committed is not truncated, and it is durable on a quorum.
 */
import type { CreateKernel, RaftKernel } from '@quorate/cluster/raft';
import {
  type Configuration,
  type Entry,
  type NodeId,
  Raft,
  type RaftEffect,
  type RaftRestart,
} from '@quorate/patterns/consensus/raft';
import type { Violations } from '../violations.ts';
import { LogWitness } from './log-witness.ts';

export interface WitnessListener {
  /** For the first time anywhere. */
  committed(entry: Entry): void;
  mark(name: string): void;
}

interface Seen {
  readonly name: string;
  readonly log: LogWitness;
  configuration: Configuration;
  /** Its log has been seen to have every committed entry up to here. */
  complete: number;
}

export class RaftWitness {
  readonly #violations: Violations;
  readonly #listener: WitnessListener;
  readonly #nodes = new Map<NodeId, Seen>();
  /** By term. */
  readonly #leaders = new Map<number, string>();
  /** Those committed first, in order: index 1 at 0. */
  readonly #committed: Entry[] = [];
  /** The terms in which they were, which may be later ones than their own. */
  readonly #committedIn: number[] = [];
  #configuration: Configuration | undefined;
  /** By index and term: what is there, and the term before it. */
  readonly #written = new Map<string, { readonly entry: Entry; readonly previousTerm: number | undefined }>();

  constructor(violations: Violations, listener: WitnessListener) {
    this.#violations = violations;
    this.#listener = listener;
  }

  get commitIndex(): number {
    return this.#committed.length;
  }

  /** The last one that was committed anywhere; undefined while it is the founders'. */
  get configuration(): Configuration | undefined {
    return this.#configuration;
  }

  get terms(): number {
    return this.#leaders.size;
  }

  /** Makes kernels of the node of that name, and watches them. */
  kernelsOf(name: string): CreateKernel {
    return (options, restart, now) => this.watch(name, options.id, restart, new Raft(options, restart, now));
  }

  /** The same kernel, seen. */
  watch(name: string, id: NodeId, restart: RaftRestart, kernel: RaftKernel): RaftKernel {
    const { configuration } = kernel.status;
    const seen = this.#nodes.get(id) ?? { name, log: new LogWitness(), configuration, complete: 0 };
    this.#nodes.set(id, seen);
    seen.configuration = configuration;
    seen.log.restarted(restart);
    seen.complete = 0;
    if (restart.damaged) this.#listener.mark('damaged node started');
    return this.#watched(kernel, seen);
  }

  #watched(kernel: RaftKernel, seen: Seen): RaftKernel {
    return {
      get deadline() {
        return kernel.deadline;
      },
      get status() {
        return kernel.status;
      },
      step: (input, now, out) => {
        const before = out.length;
        if (input.kind === 'persisted') seen.log.persisted(input.ticket);
        kernel.step(input, now, out);
        for (let i = before; i < out.length; i++) this.#effect(out[i]!, seen, kernel.status.term);
      },
    };
  }

  #effect(effect: RaftEffect, seen: Seen, term: number): void {
    switch (effect.kind) {
      case 'persist':
        this.#writes(effect.ticket, effect.entries, seen, term);
        return;
      case 'commit':
        for (const entry of effect.entries) this.#commits(entry, seen, term);
        return;
      case 'restore':
        seen.log.restored(effect.ticket, effect.mark);
        seen.complete = Math.min(seen.complete, effect.mark.index);
        this.#listener.mark('snapshot installed');
        return;
      case 'role':
        if (effect.role === 'leader') this.#leads(effect.term, seen);
        return;
      case 'configuration':
        seen.configuration = effect.configuration;
        return;
      case 'repaired':
        this.#listener.mark('damaged node repaired');
        return;
      default:
        return;
    }
  }

  #leads(term: number, seen: Seen): void {
    const known = this.#leaders.get(term);
    if (known !== undefined && known !== seen.name) {
      this.#violations.report('election-safety', `${known} and ${seen.name} both lead in term ${term}`);
    }
    this.#leaders.set(term, seen.name);
    if (this.#leaders.size > 1) this.#listener.mark('leader changed');
    for (let i = seen.complete; i < this.#committed.length; i++) {
      const entry = this.#committed[i]!;
      if (seen.log.has(entry)) {
        if (seen.complete === i) seen.complete = i + 1;
        continue;
      }
      // Of later terms than that: a leader of an earlier one may be elected after it, by votes that were long on their way.
      if (term <= this.#committedIn[i]!) continue;
      this.#violations.report(
        'leader-completeness',
        `${seen.name} leads term ${term} without the committed entry ${show(entry)}`,
      );
      return;
    }
  }

  #writes(ticket: number, entries: readonly Entry[], seen: Seen, term: number): void {
    const first = entries[0];
    if (first !== undefined) this.#truncates(first, entries, seen, term);
    seen.log.wrote(ticket, entries);
    for (const entry of entries) {
      const key = `${entry.index}:${entry.term}`;
      const previousTerm = seen.log.termAt(entry.index - 1);
      const known = this.#written.get(key);
      if (known === undefined) this.#written.set(key, { entry: kept(entry), previousTerm });
      else if (!same(known.entry, entry) || differ(known.previousTerm, previousTerm)) {
        this.#violations.report(
          'log-matching',
          `${seen.name} has another entry at ${show(entry)} than somebody else, or another one before it`,
        );
      }
    }
  }

  #truncates(first: Entry, entries: readonly Entry[], seen: Seen, term: number): void {
    if (first.index > seen.log.lastIndex) return;
    seen.complete = Math.min(seen.complete, first.index - 1);
    this.#listener.mark('entries truncated');
    for (let index = first.index; index <= seen.log.lastIndex; index++) {
      const committed = this.#committed[index - 1];
      if (committed === undefined) return;
      const stays = entries[index - first.index]?.term === committed.term;
      if (stays || seen.log.termAt(index) !== committed.term) continue;
      // Committed by a leader of a later term, whom this node has not heard of yet: its copy was not counted.
      if (term < this.#committedIn[index - 1]!) continue;
      this.#violations.report('committed-stays', `${seen.name} truncates the committed entry ${show(committed)}`);
      return;
    }
  }

  #commits(entry: Entry, seen: Seen, term: number): void {
    const known = this.#committed[entry.index - 1];
    if (known !== undefined) {
      if (same(known, entry)) return;
      const what = `${seen.name} commits ${show(entry)} where ${show(known)} had been committed`;
      this.#violations.report('state-machine-safety', what);
      return;
    }
    if (entry.index !== this.#committed.length + 1) {
      const what = `${seen.name} commits ${show(entry)} while only ${this.#committed.length} are known to be committed`;
      this.#violations.report('state-machine-safety', what);
      return;
    }
    this.#committed.push(this.#written.get(`${entry.index}:${entry.term}`)?.entry ?? kept(entry));
    this.#committedIn.push(term);
    if (entry.kind === 'configuration') this.#configuration = entry.configuration;
    this.#isDurable(entry, seen);
    this.#isSafe(entry, seen);
    this.#listener.committed(entry);
  }

  #isDurable(entry: Entry, seen: Seen): void {
    const { voters, outgoing } = seen.configuration;
    const holds = (id: NodeId): boolean => this.#nodes.get(id)?.log.holds(entry) === true;
    if (isMajority(voters, holds) && isMajority(outgoing, holds)) return;
    const holders = [...this.#nodes.values()].filter(({ log }) => log.holds(entry)).map(({ name }) => name);
    this.#violations.report(
      'durable-on-quorum',
      `${seen.name} commits ${show(entry)}, which is on the disks of ${holders.join(', ') || 'nobody'} only`,
    );
  }

  /** Nobody without the entry could win an election from now on: what section 5.4.2 and figure 8 are about. */
  #isSafe(entry: Entry, seen: Seen): void {
    const { voters, outgoing } = seen.configuration;
    for (const id of [...voters, ...outgoing]) {
      const candidate = this.#nodes.get(id)?.log;
      if (candidate === undefined || candidate.holds(entry)) continue;
      const own = candidate.durableEnd;
      const wouldVote = (other: NodeId): boolean => {
        const end = this.#nodes.get(other)?.log.durableEnd ?? { index: 0, term: 0 };
        return own.term > end.term || (own.term === end.term && own.index >= end.index);
      };
      if (!isMajority(voters, wouldVote) || !isMajority(outgoing, wouldVote)) continue;
      const what = `${seen.name} commits ${show(entry)}, but ${this.#nodes.get(id)?.name}, which lacks it, could still be elected`;
      this.#violations.report('commit-is-safe', what);
      return;
    }
  }
}

/** What lies before a snapshot is not known. */
function differ(a: number | undefined, b: number | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b;
}

function isMajority(ids: readonly NodeId[], holds: (id: NodeId) => boolean): boolean {
  return ids.length === 0 || ids.filter(holds).length * 2 > ids.length;
}

/** With bytes of its own: what a node does to its buffers later must not change what is remembered of them. */
function kept(entry: Entry): Entry {
  return entry.kind === 'data' ? { ...entry, data: entry.data.slice() } : entry;
}

function same(a: Entry, b: Entry): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.term !== b.term || a.index !== b.index) return false;
  if (a.kind !== 'data' || b.kind !== 'data' || a.data === b.data) return true;
  return Buffer.compare(a.data, b.data) === 0;
}

function show({ kind, index, term }: Entry): string {
  return `${kind} ${index}, term ${term}`;
}
