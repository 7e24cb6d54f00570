import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { type Candidates, Endpoints, isPanic, NO_SLOT } from './index.ts';

const at = Instant.of;
const idsOf = (endpoints: Endpoints, list: Candidates | undefined): string[] =>
  Array.from({ length: list?.size ?? 0 }, (_, place) => endpoints.idOf(list!.at(place))).sort();

describe('endpoints', () => {
  test('keep the slot of one that left until its last request has ended', () => {
    const endpoints = new Endpoints({ endpointsMax: 2 });
    const a = endpoints.add({ id: 'a' }, at(0));
    endpoints.add({ id: 'b' }, at(0));
    endpoints.begin(a);
    endpoints.remove('a');
    expect([endpoints.slotOf('a'), endpoints.size, endpoints.idOf(a)]).toEqual([NO_SLOT, 1, 'a']);
    expect(endpoints.add({ id: 'c' }, at(1))).toBe(NO_SLOT);
    endpoints.end(a);
    expect(endpoints.add({ id: 'c' }, at(2))).toBe(a);
    expect(endpoints.pendingOf(a)).toBe(0);
  });

  test('know one again that comes back before its last request has ended', () => {
    const endpoints = new Endpoints();
    const a = endpoints.add({ id: 'a' }, at(0));
    const generation = endpoints.generationOf(a);
    endpoints.begin(a);
    endpoints.remove('a');
    expect(endpoints.add({ id: 'a', weight: 3 }, at(5))).toBe(a);
    expect([endpoints.pendingOf(a), endpoints.weightOf(a), endpoints.warmSince(a)]).toEqual([1, 3, 5]);
    expect(endpoints.generationOf(a)).toBe(generation);
  });

  test('give a successor in the same slot another generation', () => {
    const endpoints = new Endpoints();
    const a = endpoints.add({ id: 'a' }, at(0));
    const before = endpoints.generationOf(a);
    endpoints.remove('a');
    expect(endpoints.add({ id: 'b' }, at(0))).toBe(a);
    expect(endpoints.generationOf(a)).toBeGreaterThan(before);
  });

  test('are all picked from when fewer than half are healthy, and that is said', () => {
    const endpoints = new Endpoints();
    const slots = ['a', 'b', 'c', 'd'].map((id) => endpoints.add({ id }, at(0)));
    endpoints.setHealthy(slots[0]!, false, at(1));
    endpoints.setEjected(slots[1]!, true);
    expect([endpoints.isPanicking, endpoints.healthy, endpoints.candidates.size]).toEqual([false, 2, 2]);
    endpoints.setHealthy(slots[2]!, false, at(2));
    expect([endpoints.isPanicking, endpoints.healthy, endpoints.candidates.size]).toEqual([true, 1, 4]);
    endpoints.setEjected(slots[1]!, false);
    expect([endpoints.isPanicking, endpoints.healthy, endpoints.candidates.size]).toEqual([false, 2, 2]);
  });

  test('are warm since they came or were last ill, whether or not they were ejected', () => {
    const endpoints = new Endpoints();
    const a = endpoints.add({ id: 'a' }, at(10));
    endpoints.setEjected(a, true);
    endpoints.setEjected(a, false);
    expect(endpoints.warmSince(a)).toBe(10);
    endpoints.setHealthy(a, false, at(20));
    endpoints.setHealthy(a, true, at(30));
    expect(endpoints.warmSince(a)).toBe(30);
  });

  test('of zones beyond the bound count as having none', () => {
    const endpoints = new Endpoints({ zonesMax: 2 });
    endpoints.add({ id: 'a', zone: 'x' }, at(0));
    endpoints.add({ id: 'b' }, at(0));
    endpoints.add({ id: 'c', zone: 'y' }, at(0));
    expect([...endpoints.zones].sort()).toEqual(['', 'x']);
    expect(idsOf(endpoints, endpoints.candidatesOf(''))).toEqual(['b', 'c']);
  });

  test('refuse the end of what has not begun', () => {
    const endpoints = new Endpoints();
    const a = endpoints.add({ id: 'a' }, at(0));
    expect(() => endpoints.end(a)).toThrow('only what has begun can end');
  });
});

interface Model {
  readonly zone: string;
  readonly weight: number;
  readonly ill: boolean;
  readonly ejected: boolean;
}

const action = fc.record({
  kind: fc.constantFrom('add', 'add', 'remove', 'ill', 'well', 'eject', 'admit', 'begin', 'end'),
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  zone: fc.constantFrom('', 'x', 'y'),
  weight: fc.constantFrom(1, 1, 2),
});

test('against a list that is searched each time: the same ones are candidates, in each zone', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), fc.constantFrom(0, 0.5, 0.8), (actions, panicShare) => {
      const endpoints = new Endpoints({ endpointsMax: 8, panicShare });
      const model = new Map<string, Model>();
      const running: number[] = [];
      for (const { kind, id, zone, weight } of actions) {
        const slot = endpoints.slotOf(id);
        const known = model.get(id);
        expect(slot === NO_SLOT).toBe(known === undefined);
        if (kind === 'add') {
          const added = endpoints.add({ id, zone, weight }, at(0)) !== NO_SLOT;
          if (added) model.set(id, { ill: false, ejected: false, ...known, zone, weight });
          else expect(running.length).toBeGreaterThan(0);
        } else if (kind === 'remove') {
          endpoints.remove(id);
          model.delete(id);
        } else if (kind === 'end') {
          const ended = running.pop();
          if (ended !== undefined) endpoints.end(ended);
        } else if (known !== undefined) {
          if (kind === 'begin') {
            endpoints.begin(slot);
            running.push(slot);
          } else if (kind === 'ill' || kind === 'well') endpoints.setHealthy(slot, kind === 'well', at(0));
          else endpoints.setEjected(slot, kind === 'eject');
          if (kind === 'ill' || kind === 'well') model.set(id, { ...known, ill: kind === 'ill' });
          if (kind === 'eject' || kind === 'admit') model.set(id, { ...known, ejected: kind === 'eject' });
        }
        const healthy = [...model].filter(([, m]) => !m.ill && !m.ejected);
        const panics = isPanic(healthy.length, model.size, panicShare);
        const expected = panics ? [...model] : healthy;
        expect([endpoints.isPanicking, endpoints.healthy, endpoints.size]).toEqual([
          panics,
          healthy.length,
          model.size,
        ]);
        expect(idsOf(endpoints, endpoints.candidates)).toEqual(expected.map(([name]) => name).sort());
        for (const z of ['', 'x', 'y'])
          expect(idsOf(endpoints, endpoints.candidatesOf(z))).toEqual(
            expected
              .filter(([, m]) => m.zone === z)
              .map(([name]) => name)
              .sort(),
          );
      }
    }),
    { numRuns: 200 },
  );
});
