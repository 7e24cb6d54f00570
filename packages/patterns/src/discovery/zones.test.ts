import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import { HashRing, hashKey, Maglev } from '../partitioning/index.ts';
import {
  Endpoints,
  HashPicker,
  NO_SLOT,
  OutstandingRequests,
  pickZone,
  planZoneRouting,
  TwoChoices,
  ZoneAware,
} from './index.ts';

const at = Instant.of;
const amounts = (of: Record<string, number>): Map<string, number> => new Map(Object.entries(of));

describe('zone-aware routing, by hand', () => {
  test('keeps all in a zone that has at least its part of the capacity', () => {
    const plan = planZoneRouting('x', amounts({ x: 1, y: 1 }), amounts({ x: 5, y: 3 }));
    expect(plan).toEqual({ localShare: 1, others: [] });
  });

  test('keeps capacity / callers, and sends the rest where there is more capacity than callers', () => {
    // Callers 50, 25, 25 %; capacity 25, 45, 30 %: half stays, the rest by 20 to 5.
    const plan = planZoneRouting('x', amounts({ x: 2, y: 1, z: 1 }), amounts({ x: 5, y: 9, z: 6 }));
    expect(plan.localShare).toBe(0.5);
    expect(plan.others.map(({ zone }) => zone)).toEqual(['y', 'z']);
    expect(plan.others[0]!.share).toBeCloseTo(0.4, 12);
    expect(plan.others[1]!.share).toBeCloseTo(0.1, 12);
  });

  test('sends nothing to a zone that has no more capacity than callers', () => {
    const plan = planZoneRouting('x', amounts({ x: 2, y: 1, z: 1 }), amounts({ x: 1, y: 2, z: 1 }));
    expect(plan.others).toEqual([{ zone: 'y', share: 0.5 }]);
  });

  test('sends everything away from a zone in which nobody can be picked', () => {
    const plan = planZoneRouting('x', amounts({ x: 1 }), amounts({ y: 3, z: 1 }));
    expect(plan).toEqual({
      localShare: 0,
      others: [
        { zone: 'y', share: 0.75 },
        { zone: 'z', share: 0.25 },
      ],
    });
  });

  test('has each zone for the part of the uniform numbers that the plan gives it', () => {
    const plan = {
      localShare: 0.5,
      others: [
        { zone: 'y', share: 0.4 },
        { zone: 'z', share: 0.1 },
      ],
    };
    expect([0, 0.49, 0.51, 0.89, 0.91, 0.999999].map((u) => pickZone(plan, 'x', u)).join('')).toBe('xxyyzz');
  });
});

const amount = fc.constantFrom(0, 1, 1, 2, 5);
const perZone = fc.record({ x: amount, y: amount, z: amount }).filter((of) => of.x + of.y + of.z > 0);

test('when all callers follow their plans, every zone gets its part of the capacity and no more', () => {
  fc.assert(
    fc.property(perZone, perZone, (callersOf, capacityOf) => {
      const [callers, capacity] = [amounts(callersOf), amounts(capacityOf)];
      const totals = [callersOf, capacityOf].map((of) => of.x + of.y + of.z);
      const load = new Map<string, number>();
      const add = (zone: string, share: number): void => void load.set(zone, (load.get(zone) ?? 0) + share);
      for (const [zone, count] of callers) {
        if (count === 0) continue;
        const plan = planZoneRouting(zone, callers, capacity);
        expect(plan.others.reduce((sum, { share }) => sum + share, plan.localShare)).toBeCloseTo(1, 9);
        add(zone, (plan.localShare * count) / totals[0]!);
        for (const { zone: other, share } of plan.others) add(other, (share * count) / totals[0]!);
      }
      for (const [zone, weight] of capacity) expect(load.get(zone) ?? 0).toBeCloseTo(weight / totals[1]!, 9);
    }),
    { numRuns: 300 },
  );
});

describe('a zone-aware picker', () => {
  const setUp = (counts: Record<string, number>, callers?: Record<string, number>) => {
    const endpoints = new Endpoints();
    for (const [zone, count] of Object.entries(counts))
      for (let i = 0; i < count; i++) endpoints.add({ id: `${zone}${i}`, zone }, at(0));
    const metric = new OutstandingRequests(endpoints);
    const random = seeded(3);
    const picker = new ZoneAware(random, {
      endpoints,
      zone: 'x',
      pickerOf: (candidates) => new TwoChoices(random, { endpoints, metric, candidates }),
    });
    if (callers !== undefined) picker.callersAre(amounts(callers));
    const sharesOf = (): Record<string, number> => {
      const shares: Record<string, number> = {};
      for (let i = 0; i < 10_000; i++) {
        const slot = picker.pick(at(0));
        if (slot === NO_SLOT) continue;
        shares[endpoints.zoneOf(slot)] = (shares[endpoints.zoneOf(slot)] ?? 0) + 1e-4;
      }
      return shares;
    };
    return { endpoints, picker, sharesOf };
  };

  test('stays at home, and lets requests flow over when endpoints there fall ill', () => {
    const { endpoints, sharesOf } = setUp({ x: 4, y: 4 }, { x: 1, y: 1 });
    expect(sharesOf()).toEqual({ x: expect.closeTo(1, 6) });
    for (const id of ['x0', 'x1']) endpoints.setHealthy(endpoints.slotOf(id), false, at(0));
    // Callers half and half, capacity a third: two thirds of the requests stay.
    expect(sharesOf()['x']).toBeCloseTo(2 / 3, 1);
  });

  test('does not look at zones with fewer than six endpoints, nor in panic', () => {
    expect(setUp({ x: 2, y: 3 }, { x: 1, y: 1 }).sharesOf()['y']).toBeCloseTo(0.6, 1);
    const { endpoints, sharesOf } = setUp({ x: 4, y: 4 }, { x: 1, y: 1 });
    for (const id of ['x0', 'x1', 'x2', 'y0', 'y1']) endpoints.setHealthy(endpoints.slotOf(id), false, at(0));
    expect(sharesOf()['y']).toBeCloseTo(0.5, 1);
  });

  test('follows its callers when they move', () => {
    const { picker, sharesOf } = setUp({ x: 4, y: 4 }, { x: 1, y: 1 });
    expect(sharesOf()['x']).toBeCloseTo(1, 6);
    picker.callersAre(amounts({ x: 3, y: 1 }));
    expect(sharesOf()['x']).toBeCloseTo(2 / 3, 1);
  });

  test('as long as it knows of no other callers, loads all endpoints alike', () => {
    expect(setUp({ x: 2, y: 6 }).sharesOf()['x']).toBeCloseTo(0.25, 1);
  });

  test('goes elsewhere when its zone never had an endpoint', () => {
    expect(setUp({ y: 6 }, { x: 1 }).sharesOf()).toEqual({ y: expect.closeTo(1, 6) });
  });
});

describe('a hash picker', () => {
  const nodes = Array.from({ length: 10 }, (_, i) => ({ id: `e${i}` }));
  const keys = Array.from({ length: 2000 }, (_, i) => hashKey(`key${i}`));

  test.each([
    ['a ring', HashRing.of(nodes)],
    ['Maglev', Maglev.of(nodes, { tableSize: 1009 })],
  ] as const)('over %s moves only the keys of the endpoint that fell ill, and moves them back', (_name, placement) => {
    const endpoints = new Endpoints();
    for (const node of nodes) endpoints.add(node, at(0));
    const picker = new HashPicker({ endpoints, placement });
    const before = keys.map((key) => picker.pick(key));
    const ill = endpoints.slotOf('e3');
    endpoints.setHealthy(ill, false, at(0));
    const during = keys.map((key) => picker.pick(key));
    expect(during.every((slot, i) => before[i] === ill || slot === before[i])).toBe(true);
    expect(during).not.toContain(ill);
    // Nobody inherits them all.
    const heirs = new Set(during.filter((_, i) => before[i] === ill));
    expect(heirs.size).toBeGreaterThan(6);
    endpoints.setHealthy(ill, true, at(0));
    expect(keys.map((key) => picker.pick(key))).toEqual(before);
  });

  test('takes any that can be picked when all the owners it tried cannot', () => {
    const endpoints = new Endpoints({ panicShare: 0 });
    for (const node of nodes) endpoints.add(node, at(0));
    const picker = new HashPicker({ endpoints, placement: HashRing.of(nodes), triesMax: 1 });
    for (const { id } of nodes) if (id !== 'e7') endpoints.setHealthy(endpoints.slotOf(id), false, at(0));
    expect(new Set(keys.map((key) => picker.pick(key)))).toEqual(new Set([endpoints.slotOf('e7')]));
    endpoints.setHealthy(endpoints.slotOf('e7'), false, at(0));
    expect(picker.pick(keys[0]!)).toBe(NO_SLOT);
  });
});
