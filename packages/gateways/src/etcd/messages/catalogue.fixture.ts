import type { MessageType } from '../protobuf/message.ts';
import * as cluster from './cluster.ts';
import * as health from './health.ts';
import * as kv from './kv.ts';
import * as lease from './lease.ts';
import * as maintenance from './maintenance.ts';
import * as watch from './watch.ts';

/** Every message type there is, by its name in the `.proto` files. */
export const CATALOGUE: ReadonlyMap<string, MessageType<object>> = new Map(
  [kv, watch, lease, cluster, maintenance, health]
    .flatMap((module): unknown[] => Object.values(module))
    .filter((value): value is MessageType<object> => typeof value === 'object' && value !== null && 'readInto' in value)
    .map((type) => [type.name, type]),
);
