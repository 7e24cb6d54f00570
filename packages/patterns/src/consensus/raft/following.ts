/**
 * The follower's side of replication: section 5.3, "AppendEntries RPC, receiver implementation" in figure 2.
 */
import { InvariantError } from '../../base/index.ts';
import type { Core } from './core.ts';
import type { NodeId, RaftMessage } from './types.ts';

type AppendRequest = Extract<RaftMessage, { kind: 'append-request' }>;
type Heartbeat = Extract<RaftMessage, { kind: 'heartbeat' }>;

export class Following {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** The sender leads the present term. */
  follow(leader: NodeId): void {
    const core = this.#core;
    if (core.isLeader) throw new InvariantError(`${leader} and this node both lead term ${core.term}`);
    core.becomeFollower(core.term, leader);
    core.election.heardLeader();
  }

  appendRequested(from: NodeId, request: AppendRequest): void {
    this.follow(from);
    const { repair, log, commitIndex } = this.#core;
    if (repair.intercepts(from)) return;
    const lastIndex = request.prevIndex + request.entries.length;
    if (lastIndex <= commitIndex) return this.#accept(from, commitIndex);
    // What is committed agrees with every later leader (section 5.4.3), so the comparison starts behind it.
    const behindCommit = request.prevIndex < commitIndex;
    const agrees = behindCommit || !this.#core.rules.conflicts(log.termAt(request.prevIndex), request.prevTerm);
    if (!agrees) return this.#reject(from, request);
    this.#take(request, behindCommit ? commitIndex - request.prevIndex : 0);
    this.#accept(from, lastIndex);
    this.#core.commitTo(this.#core.rules.followerCommit(request.commit, lastIndex));
  }

  heartbeat(from: NodeId, message: Heartbeat): void {
    this.follow(from);
    const core = this.#core;
    if (core.repair.intercepts(from)) return;
    // The leader counts on this log up to `commit`; while it is being repaired that may be an old belief.
    if (!core.repair.damaged) core.commitTo(message.commit);
    if (message.quiesce) core.quiescence.agree(message.commit);
    core.out.push({
      kind: 'send',
      to: from,
      message: { kind: 'heartbeat-response', term: core.term, round: message.round },
      // Not behind entries, but a node that confirms a term must not forget it: a lease may rest on that.
      after: core.rules.promiseAfter(core.durability.stateBarrier),
    });
  }

  /** A message from a leader that this node has left behind: it must learn so, or the two would never meet again. */
  outdated(from: NodeId, message: AppendRequest | Heartbeat): void {
    const { term } = this.#core;
    if (message.kind === 'heartbeat') this.#core.send(from, { kind: 'heartbeat-response', term, round: 0 });
    else this.#reject(from, message);
  }

  /** Everything up to `index` agrees with the leader. The answer leaves once it is durable. */
  #accept(from: NodeId, index: number): void {
    const core = this.#core;
    core.repair.agreed(index);
    core.promise(from, { kind: 'append-accepted', term: core.term, matchIndex: index });
  }

  /** Section 5.3, steps 3 and 4: from the first entry that differs on, the leader's log replaces this one. */
  #take({ entries }: AppendRequest, skip: number): void {
    const { log, rules } = this.#core;
    for (let at = skip; at < entries.length; at++) {
      const entry = entries[at]!;
      if (rules.conflicts(log.termAt(entry.index), entry.term)) {
        this.#core.truncateFrom(entry.index);
        return this.#core.append(entries.slice(at));
      }
    }
  }

  /**
   * The hint is the last place where the logs may meet: not behind this log's end, not in a term that the leader's log
   * has left behind at that index, not before what is committed. Skips whole terms; the leader does the same on its side.
   */
  #reject(from: NodeId, request: AppendRequest): void {
    const { log, term, commitIndex } = this.#core;
    const hintIndex = Math.max(log.lastIndexAtMost(request.prevIndex, request.prevTerm), commitIndex);
    const hintTerm = log.termAt(hintIndex)!;
    const rejectedIndex = request.prevIndex;
    this.#core.send(from, { kind: 'append-rejected', term, rejectedIndex, hintIndex, hintTerm });
  }
}
