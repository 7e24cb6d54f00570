import { expect, test } from 'vitest';
import { Instant } from '../../base/index.ts';
import { Progress } from './progress.ts';
import { settingsOf } from './settings.ts';
import { NodeId } from './types.ts';

const progressFrom = (next: number): Progress =>
  new Progress(NodeId.of(2), next, Instant.of(0), settingsOf({ id: NodeId.of(1), random: () => 0 }));

test('in probe the place where the logs meet is sought until it is right before the next entry', () => {
  const peer = progressFrom(2);
  expect(peer.unmet).toBe(true);
  peer.accepted(1);
  expect([peer.match, peer.next, peer.unmet]).toEqual([1, 2, false]);
});

test('a late acceptance takes nothing back', () => {
  const peer = progressFrom(9);
  peer.accepted(5);
  peer.accepted(3);
  expect(peer.match).toBe(5);
});

test('an acceptance of what was sent in an earlier attempt moves the next entry along', () => {
  const peer = progressFrom(3);
  peer.toReplicate();
  peer.sent(3, 40);
  peer.accepted(7);
  expect([peer.match, peer.next]).toEqual([7, 8]);
});

test('what is known to be held is not tried again, whatever is asked for', () => {
  const peer = progressFrom(3);
  peer.accepted(5);
  for (const next of [undefined, 2, 5, 6]) {
    peer.toProbe(next);
    expect(peer.next).toBe(6);
  }
  peer.toProbe(8);
  expect(peer.next).toBe(8);
});

test('whoever leaves the pipeline has nothing in flight any more', () => {
  for (const leave of [(peer: Progress) => peer.toProbe(), (peer: Progress) => peer.toSnapshot()]) {
    const peer = progressFrom(1);
    peer.toReplicate();
    peer.sent(2, 70);
    expect(peer.inflight.bytes).toBe(70);
    leave(peer);
    expect(peer.inflight.bytes).toBe(0);
  }
});
