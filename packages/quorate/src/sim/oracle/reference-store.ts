/**
 * A second, plain implementation of the core's state machine: it is fed every entry when it is first committed anywhere, and says what
 * the answer to each command must be, and what the state is at each revision. What clients hear is held against it.
 */
import type {
  Compare,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  TxnOperation,
  TxnRequest,
} from '@quorate/cluster/core';
import { type DecodedCommand, decodeCommand } from '@quorate/cluster/core/codec';
import { ByteReader } from '@quorate/patterns/base';
import { showVersions, textOf } from './answers.ts';
import { KeyHistory, type Version } from './key-history.ts';
import { nameOf } from './large-values.ts';
import { markOf } from './marks.ts';

/** What became of a marked command. */
export interface Applied {
  /** The place of the command among all commands of the log. */
  readonly position: number;
  readonly revision: number;
  /** As `showAnswer` has it; undefined when the command was refused. */
  readonly answer: string | undefined;
}

export interface ReferenceLease {
  readonly id: number;
  readonly ttlSeconds: number;
}

/** What the checks want to hear of. */
export interface ReferenceListener {
  /** A marked command was carried out although it had been before. */
  twice(mark: number): void;
  /** Because its time was over, as a leader found. */
  expired(lease: ReferenceLease): void;
  /** A command came again, and was answered from the session table. */
  repeated(): void;
}

interface Session {
  readonly seen: Set<number>;
  acknowledgedBelow: number;
}

const LEASE_ID_ORIGIN = 2 ** 52;
const LEASE_TTL_SECONDS_MIN = 2;

export class ReferenceStore {
  readonly history: KeyHistory = new KeyHistory();
  compactRevision = -1;
  /** Commands so far. */
  position = 0;
  readonly leases: Map<number, ReferenceLease> = new Map();
  readonly #applied = new Map<number, Applied>();
  readonly #sessions = new Map<number, Session>();
  readonly #listener: ReferenceListener;
  #leaseEpoch = 0;

  constructor(listener: ReferenceListener) {
    this.#listener = listener;
  }

  get revision(): number {
    return this.history.revision;
  }

  /** What became of the command with that mark, if it is in the log. */
  applied(mark: number): Applied | undefined {
    return this.#applied.get(mark);
  }

  /** One committed entry: a batch of commands. */
  apply(data: Uint8Array): void {
    const reader = new ByteReader(data);
    while (reader.remaining > 0) {
      const length = reader.count();
      const start = reader.offset;
      reader.skip(length);
      this.#command(decodeCommand(data.subarray(start, start + length)));
    }
  }

  #command({ header, command }: DecodedCommand): void {
    this.position += 1;
    if (header !== undefined) {
      const session = this.#sessions.get(header.session);
      if (session === undefined) return;
      const below = Math.min(header.acknowledgedBelow, header.sequence);
      session.acknowledgedBelow = Math.max(session.acknowledgedBelow, below);
      if (session.seen.has(header.sequence)) this.#listener.repeated();
      if (session.seen.has(header.sequence) || header.sequence < session.acknowledgedBelow) return;
      session.seen.add(header.sequence);
    }
    const answer = this.#carryOut(command);
    const mark = markOf(command);
    if (mark === undefined) return;
    if (this.#applied.get(mark)?.answer !== undefined) this.#listener.twice(mark);
    const text = answer === undefined ? undefined : `revision ${this.revision}: ${answer}`;
    this.#applied.set(mark, { position: this.position, revision: this.revision, answer: text });
  }

  #carryOut(command: DecodedCommand['command']): string | undefined {
    switch (command.kind) {
      case 'put':
        return this.#write(() => this.#put(command));
      case 'delete-range':
        return this.#write(() => this.#delete(command));
      case 'txn':
        return this.#write(() => this.#txn(command));
      case 'compact':
        if (command.revision > this.compactRevision && command.revision <= this.revision) {
          this.compactRevision = command.revision;
        }
        return undefined;
      case 'lease-grant': {
        const id = command.id === 0 ? LEASE_ID_ORIGIN + this.position : command.id;
        const ttlSeconds = Math.max(command.ttlSeconds, LEASE_TTL_SECONDS_MIN);
        if (!this.leases.has(id)) this.leases.set(id, { id, ttlSeconds });
        return undefined;
      }
      case 'lease-revoke':
        this.#revoke(command.id, command.leaderTerm ?? 0);
        return undefined;
      case 'lease-epoch':
        this.#leaseEpoch = Math.max(this.#leaseEpoch, command.term);
        return undefined;
      case 'session-open':
        this.#sessions.set(this.position, { seen: new Set(), acknowledgedBelow: 1 });
        return undefined;
      case 'session-close':
        this.#sessions.delete(command.session);
        return undefined;
      default:
        return undefined;
    }
  }

  /** All changes of one command are one revision, if there are any. */
  #write(carryOut: () => string | undefined): string | undefined {
    const before = this.history.changes.length;
    const answer = carryOut();
    if (this.history.changes.length > before) this.history.revision += 1;
    return answer;
  }

  #isRefused({ lease = 0 }: PutRequest): boolean {
    return lease !== 0 && !this.leases.has(lease);
  }

  #put(request: PutRequest): string | undefined {
    if (this.#isRefused(request)) return undefined;
    this.history.put(textOf(request.key), nameOf(request.value), request.lease ?? 0);
    return 'put';
  }

  #delete(request: DeleteRangeRequest): string {
    const found = this.history.range(...limits(request));
    for (const { key } of found) this.history.remove(key);
    return `deleted ${found.length}`;
  }

  #txn(request: TxnRequest): string | undefined {
    const succeeded = request.compare.every((compare) => this.#holds(compare));
    const operations = succeeded ? request.success : request.failure;
    if (operations.some((operation) => operation.kind === 'put' && this.#isRefused(operation))) return undefined;
    return `${succeeded} ${operations.map((operation) => this.#part(operation)).join('; ')}`;
  }

  #part(operation: TxnOperation): string | undefined {
    switch (operation.kind) {
      case 'put':
        return this.#put(operation);
      case 'delete-range':
        return this.#delete(operation);
      case 'range':
        return showVersions(this.#range(operation));
      case 'txn':
        return this.#txn(operation);
    }
  }

  #range(request: RangeRequest): Version[] {
    return this.history.range(...limits(request));
  }

  #holds(compare: Compare): boolean {
    const found = this.history.at(textOf(compare.key));
    if (compare.target === 'value') {
      if (found === undefined) return false;
      // By name: which of two large ones is the greater is not what their bytes say, and nobody asks.
      const operand = nameOf(compare.operand);
      return accepts(compare, found.value === operand ? 0 : found.value < operand ? -1 : 1);
    }
    const fields = {
      version: found?.version ?? 0,
      create: found?.createRevision ?? 0,
      mod: found?.modRevision ?? 0,
      lease: found?.lease ?? 0,
    };
    return accepts(compare, fields[compare.target] - compare.operand);
  }

  #revoke(id: number, leaderTerm: number): void {
    if (leaderTerm !== 0 && leaderTerm !== this.#leaseEpoch) return;
    const lease = this.leases.get(id);
    if (lease === undefined) return;
    if (leaderTerm !== 0) this.#listener.expired(lease);
    this.leases.delete(id);
    this.#write(() => {
      for (const key of this.history.keys) if (this.history.at(key)?.lease === id) this.history.remove(key);
      return undefined;
    });
  }
}

function limits({
  key,
  rangeEnd,
}: {
  key: Uint8Array;
  rangeEnd?: Uint8Array | undefined;
}): [string, string | undefined] {
  return [textOf(key), rangeEnd === undefined || rangeEnd.length === 0 ? undefined : textOf(rangeEnd)];
}

function accepts({ result }: Compare, difference: number): boolean {
  if (result === 'equal') return difference === 0;
  if (result === 'not-equal') return difference !== 0;
  return result === 'greater' ? difference > 0 : difference < 0;
}
