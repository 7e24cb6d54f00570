import type { ByteReader, ByteWriter } from '@quorate/patterns/base';
import { Operation } from '../../../client/protocol/operations.ts';
import { readMember, readMemberStatus, writeLeaseStatus, writeMemberStatus } from '../../codec/index.ts';
import { CoreError } from '../../errors.ts';
import { coreError } from '../../messages.ts';
import type { CoreBackend } from '../core-backend.ts';
import type { Answering, Body } from './client-session.ts';
import { SnapshotStreams } from './snapshot-streams.ts';

/** Requests that come seldom: through `Core` and its promises. */
export class Administration {
  readonly #backend: CoreBackend;
  readonly #answering: Answering;
  readonly #snapshots: SnapshotStreams;

  constructor(backend: CoreBackend, answering: Answering) {
    this.#backend = backend;
    this.#answering = answering;
    this.#snapshots = new SnapshotStreams(() => backend.core.snapshot());
  }

  /** Throws `BytesError` on a malformed body, `CoreError` on an operation that is not known. */
  serve(id: number, operation: number, body: ByteReader): void {
    const { core } = this.#backend;
    switch (operation) {
      case Operation.status:
        return this.#answering.answer(id, (w) => w.text(JSON.stringify(core.status)));
      case Operation.members:
        return this.#answering.answer(id, (w) => writeMembers(w, core.members));
      case Operation.leaseStatus:
        return this.#answer(id, core.leaseStatus(body.uint(), { keys: body.boolean() }), (status) => (w) => {
          writeLeaseStatus(w, status);
        });
      case Operation.leases:
        return this.#answer(id, core.leases(), (leases) => (w) => {
          w.uint(leases.length);
          for (const lease of leases) w.uint(lease);
        });
      case Operation.hash:
        return this.#answer(id, core.hash(body.uint()), ({ hash, revision, compactRevision }) => (w) => {
          w.uint(hash);
          w.uint(revision);
          w.int(compactRevision);
        });
      case Operation.snapshot:
        return this.#answering.answer(id, (w) => w.uint(this.#snapshots.open()));
      case Operation.snapshotNext:
        return this.#answer(id, this.#snapshots.next(body.uint()), (chunk) => (w) => w.raw(chunk));
      case Operation.snapshotClose:
        this.#snapshots.end(body.uint());
        return this.#answering.answer(id, () => {});
      default:
        this.#serveChange(id, operation, body);
    }
  }

  #serveChange(id: number, operation: number, body: ByteReader): void {
    const { core } = this.#backend;
    const nothing = (): Body => () => {};
    switch (operation) {
      case Operation.addMember: {
        const { isLearner: learner, ...member } = readMemberStatus(body);
        return this.#answer(id, core.addMember(member, { learner }), (status) => (w) => writeMemberStatus(w, status));
      }
      case Operation.promoteMember:
        return this.#answer(id, core.promoteMember(body.uint()), nothing);
      case Operation.removeMember:
        return this.#answer(id, core.removeMember(body.uint()), nothing);
      case Operation.updateMember:
        return this.#answer(id, core.updateMember(readMember(body)), nothing);
      case Operation.moveLeader:
        return this.#answer(id, core.moveLeader(body.uint()), nothing);
      default:
        throw coreError('invalid-request', { detail: `operation ${operation} is unknown` });
    }
  }

  #answer<T>(id: number, result: Promise<T>, body: (value: T) => Body): void {
    result.then(
      (value) => this.#answering.answer(id, body(value)),
      (error: unknown) => {
        const known =
          error instanceof CoreError ? error : coreError('unavailable', { detail: String(error), cause: error });
        this.#answering.refuse(id, known, this.#backend.view.leader);
      },
    );
  }

  close(): void {
    this.#snapshots.close();
  }
}

function writeMembers(writer: ByteWriter, members: CoreBackend['core']['members']): void {
  writer.uint(members.length);
  for (const member of members) writeMemberStatus(writer, member);
}
