import type { ByteReader } from '@quorate/patterns/base';
import { readLeaseStatus, readMemberStatus, writeMember, writeMemberStatus } from '../core/codec/index.ts';
import type { CallOptions, CoreStatus, LeaseStatus, MemberStatus } from '../core/core.ts';
import { CoreError } from '../core/errors.ts';
import type { Alarm, AlarmRequest, AlarmResponse, MemberRecord } from '../core/requests.ts';
import { Operation } from './protocol/operations.ts';
import { decodeMembers, type Requester } from './requester.ts';

const STATUS_BYTES_MAX = 1024 * 1024;

/** What operators do. Changes of the membership go one at a time; one that is interrupted rejects with outcome `unknown`: look at `members`. */
export class ClusterAdministration {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** Of the server that this client is connected to. */
  status(options?: CallOptions): Promise<CoreStatus> {
    return this.#requester.ask('status', Operation.status, decodeStatus, options);
  }

  members(options?: CallOptions): Promise<readonly MemberStatus[]> {
    return this.#requester.ask('list the members', Operation.members, decodeMembers, options);
  }

  /** Adds a member, as a learner unless told otherwise: a voter that has no data yet counts towards the majority from the start. */
  addMember(
    member: Omit<MemberRecord, 'id'>,
    options: CallOptions & { readonly learner?: boolean } = {},
  ): Promise<MemberStatus> {
    const added = { ...member, id: 0, isLearner: options.learner ?? true };
    return this.#once('add a member', Operation.addMember, readMemberStatus, options, (w) =>
      writeMemberStatus(w, added),
    );
  }

  /** Makes a learner a voter. Rejects with `learner-not-ready` until it has caught up. */
  promoteMember(id: number, options?: CallOptions): Promise<void> {
    return this.#once('promote a member', Operation.promoteMember, nothing, options, (w) => w.uint(id));
  }

  removeMember(id: number, options?: CallOptions): Promise<void> {
    return this.#once('remove a member', Operation.removeMember, nothing, options, (w) => w.uint(id));
  }

  /** Replaces what is known of a member: its name and addresses. */
  updateMember(member: MemberRecord, options?: CallOptions): Promise<void> {
    return this.#once('update a member', Operation.updateMember, nothing, options, (w) => writeMember(w, member));
  }

  moveLeader(to: number, options?: CallOptions): Promise<void> {
    return this.#once('move the leader', Operation.moveLeader, nothing, options, (w) => w.uint(to));
  }

  async alarm(request: Omit<AlarmRequest, 'kind'>, options?: CallOptions): Promise<readonly Alarm[]> {
    return (await this.#requester.write<AlarmResponse>({ kind: 'alarm', ...request }, options)).alarms;
  }

  /** All leases there are, by id. */
  leases(options?: CallOptions): Promise<readonly number[]> {
    return this.#requester.ask('list the leases', Operation.leases, decodeIds, options);
  }

  /** Of a lease, whoever holds it. */
  leaseStatus(id: number, options?: CallOptions & { readonly keys?: boolean }): Promise<LeaseStatus> {
    return this.#requester.ask('lease status', Operation.leaseStatus, readLeaseStatus, options, (w) => {
      w.uint(id);
      w.boolean(options?.keys ?? false);
    });
  }

  /** Ends a lease, whoever holds it, and deletes its keys. */
  async revokeLease(id: number, options?: CallOptions): Promise<void> {
    await this.#requester.write({ kind: 'lease-revoke', id }, options);
  }

  /** Hash of all versions up to `revision` (0: now), the same on all members. */
  hash(
    revision = 0,
    options?: CallOptions,
  ): Promise<{ readonly hash: number; readonly revision: number; readonly compactRevision: number }> {
    return this.#requester.ask('hash', Operation.hash, decodeHash, options, (w) => w.uint(revision));
  }

  /** The whole state as of now, in chunks. Rejects midway when the connection ends, or another server is chosen: a part is of no use. */
  async *snapshot(options?: CallOptions): AsyncGenerator<Uint8Array, void> {
    const before = this.#requester.link;
    const id = await this.#once('snapshot', Operation.snapshot, (reader) => reader.uint(), options);
    const link = before ?? this.#requester.link;
    try {
      for (;;) {
        // Under the same number another server may have another one.
        if (this.#requester.link !== link) throw elsewhere();
        const next = (): Promise<Uint8Array> =>
          this.#once(
            'snapshot',
            Operation.snapshotNext,
            (reader) => reader.rest(),
            options,
            (w) => w.uint(id),
          );
        const chunk = await next();
        if (chunk.length === 0) return;
        yield chunk;
      }
    } finally {
      if (this.#requester.link === link) {
        this.#once('snapshot', Operation.snapshotClose, nothing, options, (w) => w.uint(id)).catch(() => {});
      }
    }
  }

  #once<T>(
    what: string,
    operation: number,
    decode: (reader: ByteReader) => T | CoreError,
    options: CallOptions | undefined,
    encode?: Parameters<Requester['ask']>[4],
  ): Promise<T> {
    return this.#requester.ask(what, operation, decode, { ...options, repetition: 'never' }, encode);
  }
}

function elsewhere(): CoreError {
  return new CoreError('unavailable', 'snapshot: requests go to another server now, begin again', { retryable: true });
}

function nothing(): void {}

function decodeIds(reader: ByteReader): readonly number[] {
  const ids: number[] = [];
  for (let left = reader.count(); left > 0; left--) ids.push(reader.uint());
  return ids;
}

function decodeHash(reader: ByteReader): { hash: number; revision: number; compactRevision: number } {
  return { hash: reader.uint(), revision: reader.uint(), compactRevision: reader.int() };
}

function decodeStatus(reader: ByteReader): CoreStatus | CoreError {
  try {
    return JSON.parse(reader.text(STATUS_BYTES_MAX)) as CoreStatus;
  } catch (cause) {
    return new CoreError('wrong-protocol', 'the server sent a status that cannot be read', { cause });
  }
}
