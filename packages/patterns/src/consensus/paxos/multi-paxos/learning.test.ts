/** Finding out what is chosen, one replica driven by hand. */
import { describe, expect, test } from 'vitest';
import { NodeId } from '../ballot.ts';
import { b, held, Solo } from './solo.fixture.ts';

describe('learning', () => {
  const entries = [1, 2, 3, 4].map((slot) => held(slot, b(1, 2), `v${slot}`));
  const record = { promised: b(1, 2), reservedRound: 0, chosen: 4, first: 2 };

  test('is answered with so many entries at a time, and with "forgotten" for what is in a snapshot', () => {
    const solo = new Solo({ learnMax: 2 }, { record, entries, applied: 4 });
    expect(solo.hear(4, { kind: 'learn', from: 2 })).toEqual(['>4 learned from 2: v2 v3 chosen 4']);
    expect(solo.hear(4, { kind: 'learn', from: 1 })).toEqual(['>4 forgotten below 2']);
    expect(solo.hear(4, { kind: 'learn', from: 5 })).toEqual(['>4 learned from 5:  chosen 4']);
  });

  test('goes on asking until it has everything, of somebody else when there is no answer', () => {
    const solo = new Solo({ self: NodeId.of(4) });
    const value = (text: string): { readonly kind: 'value'; readonly value: string } => ({
      kind: 'value',
      value: text,
    });
    expect(solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 3 })).toContain('>2 learn from 1');
    expect(solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 4 })).not.toContain('>2 learn from 1');
    expect(solo.due()).toEqual(['>3 learn from 1']);
    expect(solo.due()).toEqual(['>1 learn from 1']);
    expect(solo.hear(1, { kind: 'learned', from: 1, entries: [value('a'), value('b')], chosen: 4 })).toContain(
      '>1 learn from 3',
    );
    expect(solo.hear(1, { kind: 'learned', from: 2, entries: [value('b'), value('c')], chosen: 4 })).toContain(
      'chosen 3: c',
    );
    expect(solo.hear(1, { kind: 'learned', from: 4, entries: [value('d')], chosen: 4 })).toContain('chosen 4: d');
    expect(solo.kernel.deadline).toBeUndefined();
  });

  test('asks others for the rest when whoever was asked has only some of it', () => {
    const solo = new Solo({ self: NodeId.of(4) });
    solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 3 });
    expect(solo.hear(2, { kind: 'learned', from: 1, entries: [{ kind: 'no-op' }], chosen: 1 })).not.toContain(
      '>2 learn from 2',
    );
    expect(solo.due()).toEqual(['>3 learn from 2']);
  });

  test('does not ask at once for more when there is no room for it', () => {
    const solo = new Solo({ self: NodeId.of(4), slotsMax: 1 });
    const two = [1, 2].map(() => ({ kind: 'no-op' as const }));
    solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 2 });
    solo.hear(2, { kind: 'learned', from: 1, entries: two, chosen: 2 });
    expect(solo.hear(2, { kind: 'learned', from: 2, entries: two, chosen: 2 })).toEqual([]);
    solo.step({ kind: 'compact', through: 1 });
    expect(solo.due()).toEqual(['>3 learn from 2']);
  });

  test('ends when it has been told of everything, or has taken it over, and no sooner', () => {
    const follower = new Solo();
    expect(follower.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 1 })).toContain('>2 learn from 1');
    follower.accept(2, b(1, 2), 1, 'a');
    follower.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 1 });
    expect(follower.kernel.image.catchUp).toBeUndefined();
    const learner = new Solo({ self: NodeId.of(4) });
    learner.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 3 });
    learner.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 2 });
    learner.hear(2, { kind: 'learned', from: 1, entries: [{ kind: 'no-op' }, { kind: 'no-op' }], chosen: 2 });
    learner.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 2 });
    expect(learner.due()).toEqual(['>3 learn from 3']);
    learner.step({ kind: 'install', through: 3 });
    expect(learner.kernel.deadline).toBeUndefined();
  });

  test('goes on for as much as was last said to be chosen', () => {
    const solo = new Solo({ self: NodeId.of(4) });
    const noOps = (count: number): { readonly kind: 'no-op' }[] =>
      Array.from({ length: count }, () => ({ kind: 'no-op' }));
    solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 2 });
    solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 4 });
    solo.hear(2, { kind: 'learned', from: 1, entries: noOps(2), chosen: 2 });
    expect(solo.due()).toEqual(['>3 learn from 3']);
    expect(solo.hear(3, { kind: 'learned', from: 3, entries: noOps(2), chosen: 4 })).toContain('chosen 3: no-op no-op');
    expect(solo.kernel.deadline).toBeUndefined();
  });

  test('is not begun by an answer that has nothing', () => {
    const solo = new Solo();
    expect(solo.hear(2, { kind: 'learned', from: 1, entries: [], chosen: 0 })).toEqual([]);
    expect(solo.hear(2, { kind: 'learned', from: 1, entries: [], chosen: 1 })).toEqual(['>2 learn from 1']);
  });

  test('needs a snapshot for what is forgotten elsewhere, and goes on behind it', () => {
    const solo = new Solo({ self: NodeId.of(4) });
    solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 9 });
    expect(solo.hear(2, { kind: 'forgotten', first: 8 })).toEqual(['snapshot needed of 2 below 8']);
    expect(solo.hear(2, { kind: 'forgotten', first: 2 })).toEqual(['snapshot needed of 2 below 2']);
    expect(solo.hear(2, { kind: 'forgotten', first: 1 })).toEqual([]);
    expect(solo.step({ kind: 'install', through: 7 })).toEqual(['persist #1 promised 0.0 round 0 chosen 7 first 8']);
    expect(solo.step({ kind: 'install', through: 7 })).toEqual([]);
    expect(solo.due()).toEqual(['>3 learn from 8']);
    const last = [8, 9].map(() => ({ kind: 'no-op' as const }));
    expect(solo.hear(3, { kind: 'learned', from: 8, entries: last, chosen: 9 })).toContain('chosen 8: no-op no-op');
  });

  test('does not take more than there is room for', () => {
    const solo = new Solo({ self: NodeId.of(4), slotsMax: 1 });
    const two = [1, 2].map(() => ({ kind: 'no-op' as const }));
    expect(solo.hear(2, { kind: 'learned', from: 1, entries: two, chosen: 2 })).toContain('chosen 1: no-op');
    solo.step({ kind: 'compact', through: 1 });
    expect(solo.hear(2, { kind: 'learned', from: 2, entries: two, chosen: 2 })).toContain('chosen 2: no-op');
  });
});
