/** One node, driven by hand: the test plays its disk, its clock and its peers. */
import { Instant } from '../../base/index.ts';
import { configurationOf } from './cluster.fixture.ts';
import { Raft } from './raft.ts';
import { showEffect } from './show.fixture.ts';
import type { RaftStatus } from './status.ts';
import {
  type Configuration,
  type Entry,
  NodeId,
  type RaftEffect,
  type RaftInput,
  type RaftMessage,
  type RaftOptions,
} from './types.ts';

export interface SoloOptions {
  readonly id?: number;
  readonly voters?: readonly number[];
  readonly learners?: readonly number[];
  /** The terms of its log's entries. */
  readonly log?: readonly number[];
  /** Instead of `log`. */
  readonly entries?: readonly Entry[];
  /** Instead of `voters` and `learners`. */
  readonly configuration?: Configuration;
  readonly term?: number;
  readonly vote?: number;
  readonly snapshot?: { readonly index: number; readonly term: number };
  readonly applied?: number;
  readonly damaged?: boolean;
  readonly raft?: Partial<RaftOptions>;
}

type Message<Kind extends RaftMessage['kind']> = Omit<Extract<RaftMessage, { kind: Kind }>, 'kind'>;

export const ELECTION_MS = 100;
export const HEARTBEAT_MS = 10;

export class Solo {
  readonly raft: Raft;
  now = 0;
  #ticket = 0;
  /** Of all steps: a driver may collect them before it carries them out. */
  readonly #effects: RaftEffect[] = [];

  /** By default as in the paper: neither pre-vote nor check-quorum, and every timeout is the shortest possible. */
  constructor(options: SoloOptions = {}) {
    const voters = (options.voters ?? [1, 2, 3]).map(NodeId.of);
    const learners = (options.learners ?? []).map(NodeId.of);
    const configuration = options.configuration ?? configurationOf(voters, learners);
    const mark = { index: 0, term: 0, ...options.snapshot, configuration };
    const entries = options.entries ?? entriesOf(options.log ?? [], mark.index + 1);
    const term = options.term ?? Math.max(mark.term, ...entries.map((entry) => entry.term));
    const vote = options.vote === undefined ? undefined : NodeId.of(options.vote);
    const raft: RaftOptions = {
      id: NodeId.of(options.id ?? 1),
      electionTimeoutMs: ELECTION_MS,
      heartbeatIntervalMs: HEARTBEAT_MS,
      preVote: false,
      checkQuorum: false,
      random: () => 0,
      ...options.raft,
    };
    const applied = options.applied ?? mark.index;
    const restart = { state: { term, vote }, mark, entries, applied, damaged: options.damaged ?? false };
    this.raft = new Raft(raft, restart, Instant.of(0));
  }

  get status(): RaftStatus {
    return this.raft.status;
  }

  /** Steps, and shows what came of it. */
  step(input: RaftInput): string[] {
    return this.effectsOf(input).map(showEffect);
  }

  effectsOf(input: RaftInput): RaftEffect[] {
    const before = this.#effects.length;
    this.raft.step(input, Instant.of(this.now), this.#effects);
    const effects = this.#effects.slice(before);
    for (const effect of effects) {
      if (effect.kind === 'persist' || effect.kind === 'restore') this.#ticket = effect.ticket;
    }
    return effects;
  }

  hear<Kind extends RaftMessage['kind']>(from: number, kind: Kind, message: Message<Kind>): string[] {
    return this.step({
      kind: 'message',
      from: NodeId.of(from),
      message: { kind, ...message } as unknown as RaftMessage,
    });
  }

  /** The disk catches up. */
  sync(): string[] {
    return this.step({ kind: 'persisted', ticket: this.#ticket });
  }

  /** Time passes, and the timer fires when it is due. */
  wait(ms: number): string[] {
    const end = this.now + ms;
    const seen: string[] = [];
    for (let due = this.raft.deadline; due !== undefined && due <= end; due = this.raft.deadline) {
      this.now = Math.max(this.now, due);
      seen.push(...this.step({ kind: 'tick' }));
    }
    this.now = end;
    return seen;
  }

  propose(...items: string[]): string[] {
    return this.step({ kind: 'propose', id: 1, data: items.map((item) => new TextEncoder().encode(item)) });
  }

  configure(voters: readonly number[], learners: readonly number[] = []): string[] {
    return this.step({ kind: 'configure', id: 1, voters: voters.map(NodeId.of), learners: learners.map(NodeId.of) });
  }

  append(from: number, term: number, prev: readonly [number, number], terms: readonly number[], commit = 0): string[] {
    const entries = entriesOf(terms, prev[0] + 1);
    return this.hear(from, 'append-request', { term, prevIndex: prev[0], prevTerm: prev[1], commit, entries });
  }

  accepted(from: number, matchIndex: number): string[] {
    return this.hear(from, 'append-accepted', { term: this.status.term, matchIndex });
  }

  grant(from: number): string[] {
    return this.hear(from, 'vote-response', { term: this.status.term, preVote: false, granted: true });
  }

  grantPreVote(from: number): string[] {
    return this.hear(from, 'vote-response', { term: this.status.term + 1, preVote: true, granted: true });
  }

  requestVote(
    from: number,
    term: number,
    last: readonly [number, number],
    how: { preVote?: boolean; transfer?: boolean } = {},
  ): string[] {
    const { preVote = false, transfer = false } = how;
    return this.hear(from, 'vote-request', { term, preVote, transfer, lastIndex: last[0], lastTerm: last[1] });
  }

  heartbeat(from: number, term: number, commit = 0, round = 0): string[] {
    return this.hear(from, 'heartbeat', { term, commit, round, quiesce: false });
  }

  confirm(from: number, round: number): string[] {
    return this.hear(from, 'heartbeat-response', { term: this.status.term, round });
  }

  /** Wins an election with everybody's vote; all is durable here, nothing yet elsewhere. */
  lead(): this {
    this.step({ kind: 'campaign' });
    const { configuration, id } = this.status;
    const others = [...new Set([...configuration.voters, ...configuration.outgoing])].filter((voter) => voter !== id);
    if (this.status.role === 'pre-candidate') for (const voter of others) this.grantPreVote(voter);
    this.sync();
    for (const voter of others) this.grant(voter);
    this.sync();
    return this;
  }

  /** And has everybody accept what it has. */
  reign(): this {
    this.lead();
    for (const { id } of this.status.progress) this.accepted(id, this.status.lastIndex);
    return this;
  }
}

export function entriesOf(terms: readonly number[], firstIndex = 1): Entry[] {
  return terms.map((term, at) => ({ kind: 'data', index: firstIndex + at, term, data: Uint8Array.of(term, at) }));
}

export function configurationEntry(index: number, term: number, configuration: Configuration): Entry {
  return { kind: 'configuration', index, term, configuration };
}
