import type { Env } from '../env.ts';
import { NodeClock, NodeEventLoop } from './clock.ts';
import { NodeDisk } from './disk.ts';
import { NodeLog, type NodeLogOptions } from './log.ts';
import { NodeNet } from './net.ts';
import { NodeRandom } from './random.ts';
import { SyncMode } from './sync-mode.ts';
import { NodeTimers } from './timers.ts';
import { Turn } from './turn.ts';

export interface NodeEnvOptions {
  /** Makes the random streams repeatable. Default: drawn from the platform. */
  readonly seed?: number;
  readonly log?: NodeLogOptions;
  /** A connection with more bytes than this waiting is congested. Default 1 MiB. */
  readonly highWaterBytes?: number;
  /** Durable writes that take longer than this do not run on the event loop's thread; 0 never. Default 0.5. */
  readonly slowSyncMs?: number;
}

/** Disposing it stops its probe; what else it opened (sockets, files, timers) has its own end. */
export interface NodeEnv extends Env, Disposable {}

/** The outside world on Node.js. One per process is enough; several do not disturb each other. */
export function createNodeEnv(options: NodeEnvOptions = {}): NodeEnv {
  const clock = new NodeClock();
  const turn = new Turn();
  const loop = new NodeEventLoop(clock);
  const disk = new NodeDisk({
    mode: new SyncMode(options.slowSyncMs ?? 0.5),
    now: () => clock.monotonic(),
    beforeBlocking: () => turn.flush(),
  });
  return {
    clock,
    timers: new NodeTimers(clock),
    tasks: turn,
    loop,
    random: new NodeRandom(options.seed),
    net: new NodeNet(turn, options.highWaterBytes ?? 1024 * 1024),
    disk,
    log: new NodeLog(options.log),
    [Symbol.dispose]: () => loop[Symbol.dispose](),
  };
}
