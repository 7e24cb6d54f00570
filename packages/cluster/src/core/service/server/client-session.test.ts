import { expect, test } from 'vitest';
import { Operation } from '../../../client/protocol/operations.ts';
import type { CoreBackend } from '../core-backend.ts';
import { ClientSession, CONNECTION_BYTES_MAX } from './client-session.ts';

test('a malformed watch does not lift the bound on the bytes that a connection may owe', () => {
  const calls: string[] = [];
  const connection = {
    congested: false,
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
  };
  // Its writes wait for ever.
  const backend = { view: { leads: true }, writes: { add: () => undefined }, addressOf: () => undefined };
  const session = new ClientSession({
    env: { tasks: { defer: () => {} } } as never,
    backend: backend as unknown as CoreBackend,
    encoder: undefined as never,
    connection: { connection, release: () => {} } as never,
    gone: () => {},
    dirty: new Set(),
  });
  session.item(1, Operation.watch, Uint8Array.of(0xff), 0, 1);
  const put = new Uint8Array(1_000_000);
  put[0] = 1;
  for (let sent = 0, id = 2; sent <= CONNECTION_BYTES_MAX; sent += put.length, id++) {
    expect(calls).toEqual([]);
    session.item(id, Operation.write, put, 0, put.length);
    session.drained();
  }
  expect(calls).toEqual(['pause']);
});
