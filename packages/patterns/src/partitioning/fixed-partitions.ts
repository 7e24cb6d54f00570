/**
 * Fixed partitions: keys are hashed to one of a number of partitions that never changes, and a table says which nodes hold each. Nodes come and go
 * by changing the table, whole partitions at a time; a key never changes its partition. Dynamo, SOSP 2007, section 6.2 (strategy 3); Joshi,
 * "Patterns of Distributed Systems": Fixed Partitions. Who makes the table: `planPlacement`.
 *
 * Immutable. Each table has an epoch; a request that was sent by an older or a newer table says so, and is answered accordingly.
 */
import { hashKey } from './key-hash.ts';

export const PARTITIONS_MAX = 65_536;

/** How a table stands to the epoch in a request: `behind`: its owner must fetch a newer one before it answers; `ahead`: the sender must. */
export type EpochStanding = 'current' | 'behind' | 'ahead';

/**
 * The partition, from 0 to `count` − 1, of a key. For all time the same: MurmurHash3 of the key, modulo `count`. `RangeError` unless 1 to
 * 65,536. O(length).
 */
export function partitionOf(key: string, count: number): number {
  expectCount(count);
  return hashKey(key) % count;
}

function expectCount(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > PARTITIONS_MAX)
    throw new RangeError(`a table has 1 to ${PARTITIONS_MAX} partitions, got ${count}`);
}

export class PartitionTable {
  /** Grows by one with each change. */
  readonly epoch: number;
  /** The nodes that hold each partition, the leader first. None while a partition has not been placed. */
  readonly replicas: readonly (readonly string[])[];

  private constructor(epoch: number, replicas: readonly (readonly string[])[]) {
    this.epoch = epoch;
    this.replicas = replicas;
  }

  /** A table of `count` partitions that nobody holds yet, at epoch 0. Ten or more per node that there will ever be. `RangeError` unless 1 to 65,536. */
  static empty(count: number): PartitionTable {
    expectCount(count);
    return PartitionTable.of(
      0,
      Array.from({ length: count }, () => []),
    );
  }

  /** A table as it was stored. `RangeError` for a wrong number of partitions, an epoch that is none, and for a node that holds one twice. */
  static of(epoch: number, replicas: readonly (readonly string[])[]): PartitionTable {
    expectCount(replicas.length);
    if (!Number.isSafeInteger(epoch) || epoch < 0)
      throw new RangeError(`the epoch of a table must be a whole number from 0 on, got ${epoch}`);
    replicas.forEach((nodes, partition) => {
      if (new Set(nodes).size < nodes.length)
        throw new RangeError(`the replicas of partition ${partition} must be distinct nodes, got ${nodes.join(', ')}`);
    });
    return new PartitionTable(epoch, replicas);
  }

  get count(): number {
    return this.replicas.length;
  }

  partitionOf(key: string): number {
    return hashKey(key) % this.count;
  }

  /** The nodes that hold a key, the leader first. O(length of the key). */
  replicasOf(key: string): readonly string[] {
    return this.replicas[this.partitionOf(key)]!;
  }

  /** The leader of a key's partition, or nothing while nobody holds it. */
  ownerOf(key: string): string | undefined {
    return this.replicasOf(key)[0];
  }

  /** The partitions that a node holds a replica of. O(partitions). */
  heldBy(node: string): number[] {
    return this.replicas.flatMap((nodes, partition) => (nodes.includes(node) ? [partition] : []));
  }

  /** The next table, in which some partitions are held by others. `RangeError` for a partition that there is not. O(partitions). */
  change(changes: Iterable<readonly [partition: number, nodes: readonly string[]]>): PartitionTable {
    const replicas = [...this.replicas];
    for (const [partition, nodes] of changes) {
      if (replicas[partition] === undefined)
        throw new RangeError(`there is no partition ${partition}: they are numbered from 0 to ${this.count - 1}`);
      replicas[partition] = [...nodes];
    }
    return PartitionTable.of(this.epoch + 1, replicas);
  }

  /** How this table stands to a request's epoch. */
  standing(requestEpoch: number): EpochStanding {
    if (requestEpoch === this.epoch) return 'current';
    return requestEpoch > this.epoch ? 'behind' : 'ahead';
  }
}
