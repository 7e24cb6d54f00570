/** All channels between nodes. A number is never reused. `docs/wire.md` says what each carries. */
export const Channels = {
  /** Raft's messages of all groups. */
  raft: 1,
  /** Chunks of snapshots on their way to a follower: requests. */
  snapshot: 2,
  /** What a member asks the leader of the consistent core: requests. */
  core: 3,
} as const;
