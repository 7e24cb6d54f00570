/** What the core's benchmark asks of each side. */
export interface Contender {
  /** As the table shows it. */
  readonly name: string;
  put(key: string, value: Uint8Array): Promise<unknown>;
  /** A linearizable read of one key. */
  get(key: string): Promise<unknown>;
  /** Opens `count` watches of one key; each calls `seen` once per change. Resolves when all are established. */
  watch(key: string, count: number, seen: () => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** Three processes on loopback with data on this machine's disk, both sides with fsync before every acknowledgement. */
export interface Cluster {
  readonly name: string;
  /** Of all processes that are alive. */
  readonly pids: readonly number[];
  /** The index of the leader. */
  leader(): Promise<number>;
  kill(index: number): Promise<void>;
  restart(index: number): Promise<void>;
  stop(): Promise<void>;
}
