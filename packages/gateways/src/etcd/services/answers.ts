import type { CallOptions, Core } from '@quorate/cluster/core';
import type { CallContext } from '../grpc/method.ts';
import type { ResponseHeader } from '../messages/kv.ts';

/** Makes the headers of answers. The member's status is read at most once per turn of the event loop. */
export class Headers {
  readonly #core: Core;
  #clusterId = 0;
  #memberId = 0;
  #raftTerm = 0;
  #fresh = false;

  constructor(core: Core) {
    this.#core = core;
  }

  at(revision: number): ResponseHeader {
    if (!this.#fresh) this.#refresh();
    return { clusterId: this.#clusterId, memberId: this.#memberId, revision, raftTerm: this.#raftTerm };
  }

  /** With the present revision. */
  now(): ResponseHeader {
    return this.at(this.#core.status.revision);
  }

  #refresh(): void {
    const { clusterId, memberId, raft } = this.#core.status;
    this.#clusterId = clusterId;
    this.#memberId = memberId;
    this.#raftTerm = raft.term;
    this.#fresh = true;
    setImmediate(() => {
      this.#fresh = false;
    });
  }
}

const NO_OPTIONS: CallOptions = {};

/** The client's deadline, for the core. */
export function callOptions(context: CallContext): CallOptions {
  return context.timeoutMs === undefined ? NO_OPTIONS : { timeoutMs: context.timeoutMs };
}
