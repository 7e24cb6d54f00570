import type { Address } from '@quorate/env';
import { isVoter, membersOf, NodeId } from '@quorate/patterns/consensus/raft';
import { findAddress } from '../../client/endpoints.ts';
import type { RaftGroup } from '../../raft/types.ts';
import type { PeerTransport } from '../../transport/types.ts';
import type { MemberStatus } from '../core.ts';
import type { MemberRecord } from '../requests.ts';

/**
 * Who the members are, as this node knows it: the replicated records, and until there are some, those that the node was started with. Keeps the
 * transport's peers up to date.
 */
export class MemberBook {
  readonly #group: RaftGroup;
  readonly #transport: PeerTransport;
  readonly #records: () => readonly MemberRecord[];
  readonly #founders: readonly MemberRecord[];
  readonly #changed: ((members: readonly MemberRecord[]) => void) | undefined;
  #seen: readonly MemberRecord[] | undefined;
  #all: readonly MemberRecord[] = [];

  constructor(
    parts: {
      readonly group: RaftGroup;
      readonly transport: PeerTransport;
      readonly records: () => readonly MemberRecord[];
    },
    founders: readonly MemberRecord[],
    changed?: (members: readonly MemberRecord[]) => void,
  ) {
    this.#group = parts.group;
    this.#transport = parts.transport;
    this.#records = parts.records;
    this.#founders = founders;
    this.#changed = changed;
    this.refresh();
  }

  /** To be called when the configuration has changed. */
  configurationChanged(): void {
    this.#seen = undefined;
    this.refresh();
  }

  /** To be called when the records may have changed. Cheap when they have not. */
  refresh(): void {
    const records = this.#records();
    if (this.#seen !== undefined && isSame(records, this.#seen)) return;
    this.#seen = records;
    const placed = membersOf(this.#group.status.configuration);
    // A founder that has not been able to say where it is yet is where the others were told.
    const unrecorded = this.#founders.filter(({ id }) => !records.some((record) => record.id === id));
    const missing = unrecorded.filter(({ id }) => placed.has(NodeId.of(id)));
    this.#all = [...records, ...missing].sort((a, b) => a.id - b.id);
    const peers = new Map<NodeId, Address>();
    for (const { id, peerAddress } of this.#all) {
      const address = findAddress(peerAddress);
      if (id !== this.#transport.self && address !== undefined) peers.set(NodeId.of(id), address);
    }
    this.#transport.setPeers(peers);
    // Until the log has begun, what this node was told is all that it will know after a restart.
    this.#changed?.(placed.size === 0 ? [...records, ...unrecorded] : this.#all);
  }

  /** One that has a record but no place in the configuration, yet or any more, votes as little as a learner. */
  get members(): readonly MemberStatus[] {
    const { configuration } = this.#group.status;
    return this.#all.map((record) => ({ ...record, isLearner: !isVoter(configuration, NodeId.of(record.id)) }));
  }

  addressOf(id: NodeId | undefined): Address | undefined {
    const record = this.#all.find((member) => member.id === id);
    return record && findAddress(record.peerAddress);
  }
}

function isSame(a: readonly MemberRecord[], b: readonly MemberRecord[]): boolean {
  return a.length === b.length && a.every((record, i) => record === b[i]);
}
