import type { PlacementNode } from '../partitioning/nodes.ts';
import type { PartitionPlacement } from './partition-placement.ts';

export interface ActorDirectoryOptions {
  /** Partitions that actors are hashed to, for all time. Ten or more per host that there will ever be. */
  readonly partitions: number;
  /** How long a host may be silent. As of the hosts. */
  readonly leaseMs: number;
  /** Partitions that are being handed over at once. Default 16. */
  readonly movesMax?: number;
  /** Hosts at once. Default 1,000. */
  readonly hostsMax?: number;
  /** Default `placeByHash()`. */
  readonly placement?: PartitionPlacement;
}

export type DirectoryInput =
  /** A host that is new. Its id is one run of a process and is never used again. May be repeated until its lease is renewed. */
  | { readonly kind: 'join'; readonly host: PlacementNode }
  /** It is still there. */
  | { readonly kind: 'renew'; readonly host: string; readonly id: number }
  /** It wants to go, and hands over what it has. */
  | { readonly kind: 'leave'; readonly host: string }
  /** It knows of the grant. */
  | { readonly kind: 'confirmed'; readonly host: string; readonly partition: number; readonly generation: number }
  /** No actor of the partition runs there any more, and none will in this generation. */
  | { readonly kind: 'released'; readonly host: string; readonly partition: number; readonly generation: number }
  | { readonly kind: 'tick' };

export type DirectoryEffect =
  /** May be sent again. `generation` is higher than any before it, of any partition. */
  | { readonly kind: 'grant'; readonly host: string; readonly partition: number; readonly generation: number }
  /** May be sent again. */
  | { readonly kind: 'revoke'; readonly host: string; readonly partition: number; readonly generation: number }
  | { readonly kind: 'renewed'; readonly host: string; readonly id: number }
  /** It is not, or no longer, a host: it has lost everything, and may join under another id. */
  | { readonly kind: 'unknown-host'; readonly host: string }
  /** It has handed over everything. */
  | { readonly kind: 'left'; readonly host: string }
  /** It was silent for too long; its partitions go to others. */
  | { readonly kind: 'expired'; readonly host: string }
  /** There are as many hosts as may be. */
  | { readonly kind: 'refused'; readonly host: string };

export interface PartitionOwner {
  readonly host: string;
  readonly generation: number;
}

/** What must not be lost: the state of a directory as plain data. Leases are not in it, they begin anew. */
export interface DirectorySnapshot {
  readonly generation: number;
  readonly hosts: readonly { readonly host: PlacementNode; readonly isLeaving: boolean }[];
  readonly owners: readonly (PartitionOwner | undefined)[];
}
