import type { Clock, EventLoop, Tasks, Timers } from './clock.ts';
import type { Disk } from './disk.ts';
import type { Log } from './log.ts';
import type { Net } from './net.ts';
import type { Random } from './random.ts';

/**
 * The outside world, as everything above `env` sees it. `@quorate/env/node` implements it on Node.js, `@quorate/sim`
 * in virtual time. Nothing else may read a clock, draw a random number, open a socket or touch a file.
 */
export interface Env {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly tasks: Tasks;
  readonly loop: EventLoop;
  readonly random: Random;
  readonly net: Net;
  readonly disk: Disk;
  readonly log: Log;
}
