import { expect, test } from 'vitest';
import { ActorId, type DotReservation, DotSource, type DotSourceEffect } from './index.ts';

const source = (): { out: DotSourceEffect[]; dots: DotSource } => ({
  out: [],
  dots: new DotSource({ node: 'n', reserveCount: 4 }),
});
const reservations = (out: DotSourceEffect[]): DotReservation[] => out.splice(0).map((effect) => effect.reservation);

test('no dot is given out before its reservation is durable', () => {
  const { out, dots } = source();
  expect(dots.next(out)).toBeUndefined();
  dots.step({ kind: 'lost', epoch: 7 }, out);
  expect(dots.next(out)).toBeUndefined();
  const [reservation] = reservations(out);
  expect(reservation).toEqual({ epoch: 7, limit: 4 });
  dots.step({ kind: 'persisted', reservation: reservation! }, out);
  expect(dots.next(out)).toEqual({ actor: 'n~7', counter: 1 });
});

test('the next reservation is asked for once, when half is used, and nothing goes beyond the last one', () => {
  const { out, dots } = source();
  dots.step({ kind: 'lost', epoch: 1 }, out);
  dots.step({ kind: 'persisted', reservation: reservations(out)[0]! }, out);
  const given = Array.from({ length: 6 }, () => dots.next(out)?.counter);
  expect(given).toEqual([1, 2, 3, 4, undefined, undefined]);
  expect(reservations(out)).toEqual([{ epoch: 1, limit: 6 }]);
  dots.step({ kind: 'persisted', reservation: { epoch: 1, limit: 6 } }, out);
  expect([dots.next(out)?.counter, dots.next(out)?.counter, dots.next(out)?.counter]).toEqual([5, 6, undefined]);
});

test('after a crash, counting goes on above all that may have been given out', () => {
  const { out, dots } = source();
  dots.step({ kind: 'opened', stored: { epoch: 3, limit: 40 } }, out);
  expect(reservations(out)).toEqual([{ epoch: 3, limit: 44 }]);
  dots.step({ kind: 'persisted', reservation: { epoch: 3, limit: 44 } }, out);
  expect(dots.next(out)).toEqual({ actor: 'n~3', counter: 41 });
});

test('kv679: a lost disk makes another actor, so no dot comes twice, and a late report of the old epoch counts for nothing', () => {
  const { out, dots } = source();
  dots.step({ kind: 'opened', stored: { epoch: 3, limit: 40 } }, out);
  dots.step({ kind: 'lost', epoch: 4 }, out);
  expect(reservations(out)).toEqual([
    { epoch: 3, limit: 44 },
    { epoch: 4, limit: 4 },
  ]);
  dots.step({ kind: 'persisted', reservation: { epoch: 3, limit: 44 } }, out);
  expect(dots.next(out)).toBeUndefined();
  dots.step({ kind: 'persisted', reservation: { epoch: 4, limit: 4 } }, out);
  expect(dots.next(out)).toEqual({ actor: 'n~4', counter: 1 });
  expect(dots.actor).toBe('n~4');
});

test('an actor is a node and an epoch, whatever the name of the node', () => {
  const actor = ActorId.of('a~b', 12);
  expect([ActorId.node(actor), ActorId.epoch(actor)]).toEqual(['a~b', 12]);
  expect(ActorId.of('a', 0)).toBe('a~0');
  for (const epoch of [-1, 0.5, 2 ** 53]) expect(() => ActorId.of('a', epoch)).toThrow(/epoch/);
});

test('a report that comes before the state of the disk is known counts for nothing', () => {
  const { out, dots } = source();
  dots.step({ kind: 'persisted', reservation: { epoch: 0, limit: 4 } }, out);
  expect([dots.next(out), dots.actor, out]).toEqual([undefined, undefined, []]);
  dots.step({ kind: 'lost', epoch: 0 }, out);
  expect(dots.next(out)).toBeUndefined();
});

test('unless told otherwise, a write to disk serves 1,024 dots; at the least it serves one', () => {
  const asked = (dots: DotSource): DotReservation[] => {
    const out: DotSourceEffect[] = [];
    dots.step({ kind: 'lost', epoch: 1 }, out);
    return reservations(out);
  };
  expect(asked(new DotSource({ node: 'n' }))).toEqual([{ epoch: 1, limit: 1024 }]);
  expect(asked(new DotSource({ node: 'n', reserveCount: 1 }))).toEqual([{ epoch: 1, limit: 1 }]);
  for (const reserveCount of [0, 1.5]) expect(() => new DotSource({ node: 'n', reserveCount })).toThrow(/reserveCount/);
});

test('what is to be persisted is put behind what is there', () => {
  const out: DotSourceEffect[] = [];
  for (const epoch of [1, 2]) new DotSource({ node: `${epoch}` }).step({ kind: 'lost', epoch }, out);
  expect(out.map(({ reservation }) => reservation.epoch)).toEqual([1, 2]);
});
