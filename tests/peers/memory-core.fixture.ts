import {
  type Core,
  CoreError,
  type CoreStatus,
  type LeaseGrantResponse,
  type LeaseStatus,
  type MemberStatus,
  type RangeResponse,
  type WriteRequest,
  type WriteResponseOf,
} from '@quorate/cluster/core';
import { encodeBatch, encodeCommand } from '@quorate/cluster/core/codec';
import { CoreMachine, type CoreProposal, plainResponse, type Reply } from '@quorate/cluster/core/machine';

const MEMBER_ID = 0x7a11;

/** The core's own state machine in this process, without Raft or a disk: real semantics for the tests of what is in front of it. */
export class MemoryCore implements Disposable {
  readonly machine: CoreMachine;
  readonly core: Core;
  readonly #timers = new Map<number, { timer: NodeJS.Timeout; deadline: number; ttlSeconds: number }>();
  #index = 0;
  #working = false;

  constructor() {
    this.machine = new CoreMachine({
      leases: {
        granted: (id, ttlSeconds) => this.#arm(id, ttlSeconds),
        revoked: (id) => this.#disarm(id),
      },
      wake: () => this.#work(),
    });
    const clientUrls = ['http://127.0.0.1:2379'];
    this.#apply({
      kind: 'member-put',
      member: { id: MEMBER_ID, name: 'memory', peerAddress: '127.0.0.1:7410', clientUrls },
    });
    this.core = this.#face();
  }

  #apply<K extends WriteRequest['kind']>(request: Extract<WriteRequest, { kind: K }>): WriteResponseOf[K] {
    let outcome: ReturnType<() => Reply['value']> | undefined;
    const proposal: CoreProposal = {
      reply: (_nth, reply) => {
        outcome = reply.value;
      },
      refused() {},
      lost() {},
    };
    this.#index += 1;
    this.machine.apply(this.#index, encodeBatch([encodeCommand(request)]), proposal);
    this.machine.applied(this.#index);
    if (outcome instanceof CoreError) throw outcome;
    return outcome as WriteResponseOf[K];
  }

  #work(): void {
    if (this.#working) return;
    this.#working = true;
    setImmediate(() => {
      this.#working = false;
      if (this.machine.work()) this.#work();
    });
  }

  #arm(id: number, ttlSeconds: number): void {
    this.#disarm(id);
    const timer = setTimeout(() => this.#apply({ kind: 'lease-revoke', id }), Math.min(ttlSeconds * 1000, 2 ** 31 - 1));
    timer.unref();
    this.#timers.set(id, { timer, deadline: performance.now() + ttlSeconds * 1000, ttlSeconds });
  }

  #disarm(id: number): void {
    clearTimeout(this.#timers.get(id)?.timer);
    this.#timers.delete(id);
  }

  #status(): CoreStatus {
    const { machine } = this;
    const configuration = { voters: [MEMBER_ID], outgoing: [], learners: [], learnersNext: [] };
    const raft = {
      ...{ role: 'leader', term: 2, leader: MEMBER_ID, commitIndex: this.#index, appliedIndex: this.#index },
      ...{ lastIndex: this.#index, snapshotIndex: 0, configuration, damaged: false, progress: [] },
    };
    return {
      ...{ clusterId: 0xc1, memberId: MEMBER_ID, name: 'memory', version: '0.1.0' },
      raft: raft as unknown as CoreStatus['raft'],
      revision: machine.revision,
      compactRevision: machine.compactRevision,
      sizeBytes: machine.sizeBytes,
      quotaBytes: 2 ** 31,
      alarms: machine.alarms,
    };
  }

  #leaseStatus(id: number, keys: boolean): LeaseStatus {
    const lease = this.machine.lease(id);
    const timing = this.#timers.get(id);
    if (lease === undefined || timing === undefined) return { id, grantedSeconds: 0, remainingSeconds: -1, keys: [] };
    return {
      id,
      grantedSeconds: lease.ttlSeconds,
      remainingSeconds: (timing.deadline - performance.now()) / 1000,
      keys: keys ? [...lease.keys].map((cell) => Buffer.from(cell.key, 'latin1')) : [],
    };
  }

  async #hash(revision: number): ReturnType<Core['hash']> {
    const run = this.machine.hash(revision);
    let step = run.next();
    while (!step.done) step = run.next();
    if (step.value instanceof CoreError) throw step.value;
    return step.value;
  }

  #face(): Core {
    const self = this;
    const unsupported = async (): Promise<never> => {
      throw new CoreError('unavailable', 'a single process has no membership to change');
    };
    return {
      get status() {
        return self.#status();
      },
      get members(): readonly MemberStatus[] {
        return self.machine.members.map((member) => ({ ...member, isLearner: false }));
      },
      write: async (request) => self.#apply(request),
      range: async (request): Promise<RangeResponse> => {
        const response = plainResponse(self.machine.range(request));
        if (response instanceof CoreError) throw response;
        return response;
      },
      watch: (request, deliver) => self.machine.watch(request, deliver),
      grantLease: async (request): Promise<LeaseGrantResponse> => self.#apply({ kind: 'lease-grant', ...request }),
      keepAlive: async (id) => {
        const timing = self.#timers.get(id);
        if (timing !== undefined) self.#arm(id, timing.ttlSeconds);
        return { ttlSeconds: timing?.ttlSeconds ?? 0, revision: self.machine.revision };
      },
      leaseStatus: async (id, options) => self.#leaseStatus(id, options?.keys === true),
      leases: async () => [...self.machine.leases].map((lease) => lease.id),
      hash: (revision) => self.#hash(revision),
      addMember: unsupported,
      promoteMember: unsupported,
      removeMember: unsupported,
      updateMember: unsupported,
      moveLeader: async () => {
        throw new CoreError('bad-leader-transferee', 'there is nobody else');
      },
      snapshot: () => self.#snapshot(),
    };
  }

  async *#snapshot(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of this.machine.snapshot()) yield chunk.slice();
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#timers.keys()]) this.#disarm(id);
  }
}
