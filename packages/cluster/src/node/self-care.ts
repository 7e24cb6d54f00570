import type { Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import { NodeId } from '@quorate/patterns/consensus/raft';
import type { Core } from '../core/core.ts';
import { CoreError } from '../core/errors.ts';
import type { MemberRecord } from '../core/requests.ts';

const LOOK_EVERY_MS = 250;

export interface SelfCareParts {
  readonly env: Pick<Env, 'clock' | 'timers' | 'log'>;
  readonly core: Core;
  /** What the others are to know of this node. */
  readonly self: MemberRecord;
  /** What they know: the replicated record, if there is one. */
  readonly recorded: () => MemberRecord | undefined;
  /** As a learner, ask to become a voter. */
  readonly promote: boolean;
}

/**
 * What a node has to do about itself after its start: tell the others where it listens, if that is not what they know, and, when it has joined to
 * vote, ask to be promoted until it has caught up. Then there is nothing left to do.
 */
export class SelfCare implements Disposable {
  readonly #parts: SelfCareParts;
  #timer: Disposable | undefined;
  #stopped = false;

  constructor(parts: SelfCareParts) {
    this.#parts = parts;
    this.#arm();
  }

  #arm(): void {
    if (this.#stopped) return;
    const { clock, timers } = this.#parts.env;
    this.#timer = timers.at(Instant.add(clock.monotonic(), LOOK_EVERY_MS), () => this.#look());
  }

  #look(): void {
    const next = this.#next();
    if (next === undefined) return;
    next()
      .catch((error: unknown) => {
        if (!(error instanceof CoreError)) throw error;
        this.#parts.env.log.debug('not yet', { node: this.#parts.self.name, reason: error.message });
      })
      .finally(() => this.#arm());
  }

  /** The next thing to do; undefined when all is done. */
  #next(): (() => Promise<void>) | undefined {
    const { core, self, promote } = this.#parts;
    const { raft } = core.status;
    const id = NodeId.of(self.id);
    const { voters, learners } = raft.configuration;
    if (raft.leader === undefined || (!voters.includes(id) && !learners.includes(id))) return async () => {};
    if (!this.#isKnown()) return () => core.write({ kind: 'member-put', member: self }).then(() => {});
    if (promote && learners.includes(id)) return () => core.promoteMember(self.id);
    return undefined;
  }

  #isKnown(): boolean {
    const { self, recorded } = this.#parts;
    const known = recorded();
    return (
      known !== undefined &&
      known.name === self.name &&
      known.peerAddress === self.peerAddress &&
      known.clientUrls.join() === self.clientUrls.join()
    );
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
  }
}
