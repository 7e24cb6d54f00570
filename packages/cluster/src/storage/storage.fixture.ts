import type { Disk, Env, LogFields } from '@quorate/env';
import { Instant, WallTime } from '@quorate/patterns/base';
import { type Entry, NodeId, type SnapshotMark } from '@quorate/patterns/consensus/raft';
import { SimDisk } from '@quorate/sim/disk';
import { type LogStoreOptions, openLogStore } from './log-store.ts';
import { GroupId, type LogStore, type PersistRequest } from './types.ts';

export interface TestEnv extends Pick<Env, 'disk' | 'log' | 'random' | 'clock' | 'timers' | 'tasks'> {
  readonly logged: { level: string; message: string; fields: LogFields | undefined }[];
  /** Fires all timers that are set now. */
  fireTimers(): void;
}

/** Storage asks little of its environment besides a disk. */
export function testEnv(disk: Disk = new SimDisk()): TestEnv {
  const logged: TestEnv['logged'] = [];
  const write = (level: string) => (message: string, fields?: LogFields) =>
    void logged.push({ level, message, fields });
  let timers: { fn: (() => void) | undefined }[] = [];
  let now = 0;
  let salt = 1;
  return {
    disk,
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    random: {
      stream: () => ({
        uint32: () => Math.imul(salt++, 0x9e3779b1) >>> 0,
        float: () => 0.5,
        below: () => 0,
        fill: (target) => target,
      }),
    },
    clock: { monotonic: () => Instant.of(now), wall: () => WallTime.of(0) },
    timers: {
      at: (when, fn) => {
        const timer: { fn: (() => void) | undefined } = {
          fn: () => {
            now = Math.max(now, when);
            fn();
          },
        };
        timers.push(timer);
        return {
          [Symbol.dispose]: () => {
            timer.fn = undefined;
          },
        };
      },
    },
    tasks: { defer: (fn) => void Promise.resolve().then(fn) },
    logged,
    fireTimers() {
      const due = timers;
      timers = [];
      for (const timer of due) timer.fn?.();
    },
  };
}

export const OWNER = { clusterId: 7, nodeId: 1 };
export const SMALL: Omit<LogStoreOptions, 'clusterId' | 'nodeId'> = { segmentBytes: 8192, zeroAheadBytes: 4096 };

export function openTestLog(env: TestEnv, options: Partial<LogStoreOptions> = {}): Promise<LogStore> {
  return openLogStore(env, '/data/log', { ...OWNER, ...SMALL, ...options });
}

/** Resolves once the requests are durable. */
export function persisted(store: LogStore, ...requests: PersistRequest[]): Promise<void> {
  return new Promise((durable) => store.persist(requests, durable));
}

export interface RequestShape {
  readonly entries?: readonly Entry[];
  readonly term?: number;
  readonly vote?: number;
  readonly commit?: number;
  readonly restart?: SnapshotMark;
  readonly repaired?: boolean;
}

export function request(group: number, shape: RequestShape): PersistRequest {
  const { term, vote } = shape;
  return {
    group: GroupId.of(group),
    entries: shape.entries ?? [],
    state: term === undefined ? undefined : { term, vote: vote === undefined ? undefined : NodeId.of(vote) },
    commit: shape.commit ?? 0,
    restart: shape.restart,
    repaired: shape.repaired,
  };
}

/** A data entry whose bytes tell which it is. */
export function entry(index: number, term: number, sizeBytes = 20): Entry {
  const data = new Uint8Array(sizeBytes).fill((index * 31 + term * 7 + 1) & 255);
  data.set(new TextEncoder().encode(`${index}@${term}`).subarray(0, sizeBytes));
  return { kind: 'data', index, term, data };
}

export function entries(from: number, to: number, term: number, sizeBytes = 20): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => entry(from + i, term, sizeBytes));
}

export function mark(index: number, term: number): SnapshotMark {
  return { index, term, configuration: { voters: [NodeId.of(1)], outgoing: [], learners: [], learnersNext: [] } };
}
