import type { Client } from '../client.ts';
import { type AcquireOptions, acquire, Holding, tryAcquire } from './holding.ts';

/**
 * A lock that is held until released or lost. Waiters are served in the order in which they came. Never a boolean: what makes
 * a lock in a distributed system safe is `token` or `guard`, not the belief to hold it (Kleppmann, "How to do distributed locking").
 */
export class Lock extends Holding {}

/** Waits until it is this caller's turn. An aborted wait leaves nothing behind. */
export async function lock(client: Client, name: string, options: AcquireOptions = {}): Promise<Lock> {
  const { place, ownsLease } = await acquire(client, linePrefix(name), 1, '', options);
  return new Lock(place, ownsLease);
}

/** Resolves with undefined when somebody else holds the lock. */
export async function tryLock(client: Client, name: string, options: AcquireOptions = {}): Promise<Lock | undefined> {
  const held = await tryAcquire(client, linePrefix(name), 1, '', options);
  return held === undefined ? undefined : new Lock(held.place, held.ownsLease);
}

/** The slash keeps the waiters of `jobs` apart from those of `jobs2`. */
export function linePrefix(name: string): string {
  return `${name}/`;
}
