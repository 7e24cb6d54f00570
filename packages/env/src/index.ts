export type { Clock, EventLoop, Tasks, Timers } from './clock.ts';
export { type Disk, DiskError, type DiskErrorCode, type File } from './disk.ts';
export type { Env } from './env.ts';
export type { Log, LogFields } from './log.ts';
export {
  type Address,
  type Connection,
  type ConnectionHandler,
  DATAGRAM_MAX_BYTES,
  type DatagramSocket,
  type Listener,
  type Net,
  NetError,
  type NetErrorCode,
} from './net.ts';
export type { Random, RandomStream } from './random.ts';
