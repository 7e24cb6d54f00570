import type { Address, Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import { membersOf, NodeId } from '@quorate/patterns/consensus/raft';
import { connect } from '../client/client.ts';
import { findAddress } from '../client/endpoints.ts';
import type { Core } from '../core/core.ts';
import { CoreError } from '../core/errors.ts';
import { leadersWord } from './leaders-word.ts';

const LOOK_EVERY_MS = 250;
/** How long a node that is alone waits before it asks for the first time; then twice as long each time, up to the most. */
const ASK_AFTER_MS = { first: 500, most: 10_000 };
const ANSWER_WITHIN_MS = 2000;

export interface RemovalWatchParts {
  readonly env: Env;
  readonly core: Core;
  readonly clusterId: number;
  /** The other members are sure that this node is none. Called once. */
  readonly removed: () => void;
}

/**
 * Finds out that this node was removed from its cluster. Those that remain do not talk to it any more, so its log may never say so, and a node that was
 * down meanwhile cannot know: one that hears from no leader asks the others. An id is never given out twice, so whoever is not in a leader's
 * configuration will not be again.
 */
export class RemovalWatch implements Disposable {
  readonly #parts: RemovalWatchParts;
  #timer: Disposable | undefined;
  #aloneSince: Instant | undefined;
  #patienceMs: number = ASK_AFTER_MS.first;
  #stopped = false;

  constructor(parts: RemovalWatchParts) {
    this.#parts = parts;
    this.#arm();
  }

  #arm(): void {
    if (this.#stopped) return;
    const { clock, timers } = this.#parts.env;
    this.#timer = timers.at(Instant.add(clock.monotonic(), LOOK_EVERY_MS), () => void this.#look());
  }

  async #look(): Promise<void> {
    if (this.#isDue() && (await this.#othersSaySo()) && !this.#stopped) {
      this.#stopped = true;
      this.#parts.removed();
      return;
    }
    this.#arm();
  }

  #isDue(): boolean {
    const { core, env } = this.#parts;
    const { raft, memberId } = core.status;
    const now = env.clock.monotonic();
    if (raft.leader !== undefined && membersOf(raft.configuration).has(NodeId.of(memberId))) {
      this.#aloneSince = undefined;
      this.#patienceMs = ASK_AFTER_MS.first;
      return false;
    }
    this.#aloneSince ??= now;
    if (now - this.#aloneSince < this.#patienceMs) return false;
    this.#aloneSince = now;
    this.#patienceMs = Math.min(this.#patienceMs * 2, ASK_AFTER_MS.most);
    return true;
  }

  async #othersSaySo(): Promise<boolean> {
    const { env, core, clusterId } = this.#parts;
    const { memberId, name } = core.status;
    const endpoints = otherAddresses(core);
    if (endpoints.length === 0) return false;
    try {
      await using client = await connect({ env, endpoints, clusterId, name, timeoutMs: ANSWER_WITHIN_MS });
      const word = await leadersWord(client);
      return word !== undefined && !membersOf(word.configuration).has(NodeId.of(memberId));
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      env.log.debug('whether this node is still a member is not known', { node: name, reason: error.message });
      return false;
    }
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
  }
}

function otherAddresses(core: Core): Address[] {
  const { memberId } = core.status;
  return core.members.flatMap(({ id, peerAddress }) => (id === memberId ? [] : (findAddress(peerAddress) ?? [])));
}
