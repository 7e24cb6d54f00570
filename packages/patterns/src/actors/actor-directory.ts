/**
 * Which host runs the actors of which partition, such that no two ever do with the same generation. An actor is hashed to a partition, and whoever owns
 * the partition runs it when there is a message for it: so a directory has an entry per partition, not per actor. Bernstein et al., "Orleans",
 * MSR-TR-2014-41, section 3 (virtual actors); Pekko, Cluster Sharding (partitions, hand-off).
 *
 *     free ── grant, next generation ──> owned ── revoke ──> leaving ── released ──> free
 *                                          └──────────────────┴── the host's lease ends ──> free
 *
 * A partition is given to another only after its owner has released it, or has been silent for `leaseMs`; a host counts its lease from before it asked and stops
 * earlier (`ActorHost`). With clocks of about the same rate two hosts therefore never run a partition at once. When a process stalls, or a write
 * stays in the network for long, that is not enough: then the generation decides, which every write carries and every store checks (`FenceTable`).
 *
 * Deterministic: the state machine of a replicated log, or one process that keeps `snapshot` before it sends. A restored directory gives every
 * host its whole lease again. Grants and revokes are repeated with each renewal until they are confirmed, so any message may be lost. Pure. O(1)
 * per message, O(partitions) when hosts come or go, and for a renewal O(partitions of the host).
 */
import { assert, Instant } from '../base/index.ts';
import { PARTITIONS_MAX, partitionOf } from '../partitioning/fixed-partitions.ts';
import type { PlacementNode } from '../partitioning/nodes.ts';
import { Deque } from './deque.ts';
import type {
  ActorDirectoryOptions,
  DirectoryEffect,
  DirectoryInput,
  DirectorySnapshot,
  PartitionOwner,
} from './directory-types.ts';
import { type PartitionPlacement, placeByHash } from './partition-placement.ts';

interface Host {
  readonly node: PlacementNode;
  leaseUntil: number;
  isLeaving: boolean;
  /** Partitions that it has, those included that it is to release. */
  readonly partitions: Set<number>;
}

interface Owned extends PartitionOwner {
  isConfirmed: boolean;
  isLeaving: boolean;
}

export class ActorDirectory {
  readonly #leaseMs: number;
  readonly #movesMax: number;
  readonly #hostsMax: number;
  readonly #placement: PartitionPlacement;
  /** The one that was silent the longest first. */
  readonly #hosts = new Map<string, Host>();
  readonly #owners: (Owned | undefined)[];
  /** Where each partition should be. Empty when there is nowhere. */
  #target: readonly string[] = [];
  /** Partitions that may have to move, in order. */
  #misplaced: Deque<number> = new Deque();
  #moves = 0;
  #generation = 0;

  /** `snapshot`: of an earlier run; its hosts have their whole lease from `now` on. */
  constructor(options: ActorDirectoryOptions, now: Instant, snapshot?: DirectorySnapshot) {
    const { partitions, leaseMs, movesMax = 16, hostsMax = 1_000 } = options;
    assert(partitions >= 1 && partitions <= PARTITIONS_MAX, `partitions must be 1 to ${PARTITIONS_MAX}`);
    assert(leaseMs > 0, `leaseMs must be > 0, not ${leaseMs}`);
    assert(movesMax >= 1, `movesMax must be >= 1, not ${movesMax}`);
    assert(hostsMax >= 1, `hostsMax must be >= 1, not ${hostsMax}`);
    this.#leaseMs = leaseMs;
    this.#movesMax = movesMax;
    this.#hostsMax = hostsMax;
    this.#placement = options.placement ?? placeByHash();
    this.#owners = new Array<Owned | undefined>(partitions).fill(undefined);
    if (snapshot !== undefined) this.#restore(snapshot, now);
  }

  /** The partition of an actor. For all time the same. */
  partitionOf(actor: string): number {
    return partitionOf(actor, this.#owners.length);
  }

  /** Who runs the actors of a partition, or has yet to hear that it shall. May have changed before a message arrives there. */
  ownerOf(partition: number): PartitionOwner | undefined {
    const owned = this.#owners[partition];
    return owned === undefined ? undefined : { host: owned.host, generation: owned.generation };
  }

  /** Partitions that are not where they should be. O(partitions). */
  get misplaced(): number {
    return this.#owners.filter((owned, partition) => owned?.host !== this.#target[partition]).length;
  }

  get snapshot(): DirectorySnapshot {
    return {
      generation: this.#generation,
      hosts: [...this.#hosts.values()].map(({ node, isLeaving }) => ({ host: node, isLeaving })),
      owners: this.#owners.map((_, partition) => this.ownerOf(partition)),
    };
  }

  get deadline(): Instant | undefined {
    for (const { leaseUntil } of this.#hosts.values()) return Instant.of(leaseUntil);
    return undefined;
  }

  step(input: DirectoryInput, now: Instant, out: DirectoryEffect[]): void {
    // A renewal that comes too late finds nothing to renew, however late the tick is.
    this.#expire(now, out);
    switch (input.kind) {
      case 'join':
        this.#join(input.host, now, out);
        break;
      case 'renew':
        this.#renew(input.host, input.id, now, out);
        break;
      case 'leave':
        this.#leave(input.host, out);
        break;
      case 'confirmed': {
        const owned = this.#ownedBy(input);
        if (owned !== undefined) owned.isConfirmed = true;
        break;
      }
      case 'released':
        if (this.#ownedBy(input) !== undefined) this.#free(input.partition, out);
        break;
      case 'tick':
    }
    this.#move(out);
  }

  #restore(snapshot: DirectorySnapshot, now: Instant): void {
    assert(snapshot.owners.length === this.#owners.length, 'the number of partitions never changes');
    this.#generation = snapshot.generation;
    for (const { host, isLeaving } of snapshot.hosts) {
      const leaseUntil = now + this.#leaseMs;
      this.#hosts.set(host.id, { node: host, leaseUntil, isLeaving, partitions: new Set() });
    }
    snapshot.owners.forEach((owner, partition) => {
      if (owner === undefined) return;
      this.#owners[partition] = { ...owner, isConfirmed: false, isLeaving: false };
      this.#hosts.get(owner.host)!.partitions.add(partition);
    });
    this.#retarget();
  }

  #join(node: PlacementNode, now: Instant, out: DirectoryEffect[]): void {
    // Said again, because the answer was lost. What it was granted is repeated with its renewals.
    if (this.#hosts.has(node.id)) return;
    if (this.#hosts.size >= this.#hostsMax) return void out.push({ kind: 'refused', host: node.id });
    const leaseUntil = now + this.#leaseMs;
    this.#hosts.set(node.id, { node, leaseUntil, isLeaving: false, partitions: new Set() });
    this.#retarget();
    this.#grantFree(out);
  }

  #renew(id: string, request: number, now: Instant, out: DirectoryEffect[]): void {
    const host = this.#hosts.get(id);
    if (host === undefined) return void out.push({ kind: 'unknown-host', host: id });
    host.leaseUntil = now + this.#leaseMs;
    this.#hosts.delete(id);
    this.#hosts.set(id, host);
    out.push({ kind: 'renewed', host: id, id: request });
    for (const partition of host.partitions) {
      const { generation, isConfirmed, isLeaving } = this.#owners[partition]!;
      if (isLeaving) out.push({ kind: 'revoke', host: id, partition, generation });
      else if (!isConfirmed) out.push({ kind: 'grant', host: id, partition, generation });
    }
  }

  #leave(id: string, out: DirectoryEffect[]): void {
    const host = this.#hosts.get(id);
    if (host === undefined) return void out.push({ kind: 'unknown-host', host: id });
    host.isLeaving = true;
    this.#retarget();
    this.#leftIfEmpty(host, out);
  }

  #expire(now: Instant, out: DirectoryEffect[]): void {
    let isChanged = false;
    for (const [id, host] of this.#hosts) {
      if (now < host.leaseUntil) break;
      isChanged = true;
      this.#hosts.delete(id);
      out.push({ kind: 'expired', host: id });
      for (const partition of host.partitions) this.#forget(partition);
    }
    if (!isChanged) return;
    this.#retarget();
    this.#grantFree(out);
  }

  /** The partition as this host has it, or nothing when this is news of the past. */
  #ownedBy(input: { host: string; partition: number; generation: number }): Owned | undefined {
    const owned = this.#owners[input.partition];
    return owned?.host === input.host && owned.generation === input.generation ? owned : undefined;
  }

  #forget(partition: number): void {
    if (this.#owners[partition]?.isLeaving) this.#moves -= 1;
    this.#owners[partition] = undefined;
  }

  #free(partition: number, out: DirectoryEffect[]): void {
    const host = this.#hosts.get(this.#owners[partition]!.host)!;
    this.#forget(partition);
    host.partitions.delete(partition);
    this.#grant(partition, out);
    this.#leftIfEmpty(host, out);
  }

  #leftIfEmpty(host: Host, out: DirectoryEffect[]): void {
    if (!host.isLeaving || host.partitions.size > 0) return;
    this.#hosts.delete(host.node.id);
    out.push({ kind: 'left', host: host.node.id });
  }

  #retarget(): void {
    const nodes = [...this.#hosts.values()].flatMap(({ node, isLeaving }) => (isLeaving ? [] : [node]));
    const owners = this.#owners.map((owned) => owned?.host);
    this.#target = nodes.length === 0 ? [] : this.#placement(owners, nodes);
    this.#misplaced = new Deque();
    owners.forEach((owner, partition) => {
      if (owner !== undefined && owner !== this.#target[partition]) this.#misplaced.push(partition);
    });
  }

  #grantFree(out: DirectoryEffect[]): void {
    this.#owners.forEach((owned, partition) => {
      if (owned === undefined) this.#grant(partition, out);
    });
  }

  #grant(partition: number, out: DirectoryEffect[]): void {
    const host = this.#target[partition];
    if (host === undefined) return;
    this.#generation += 1;
    const generation = this.#generation;
    this.#owners[partition] = { host, generation, isConfirmed: false, isLeaving: false };
    this.#hosts.get(host)!.partitions.add(partition);
    out.push({ kind: 'grant', host, partition, generation });
  }

  /** Begins as many moves as may be under way. */
  #move(out: DirectoryEffect[]): void {
    while (this.#moves < this.#movesMax && this.#misplaced.size > 0) {
      const partition = this.#misplaced.shift();
      const owned = this.#owners[partition];
      if (owned === undefined || owned.isLeaving || owned.host === this.#target[partition]) continue;
      owned.isLeaving = true;
      this.#moves += 1;
      out.push({ kind: 'revoke', host: owned.host, partition, generation: owned.generation });
    }
  }
}
