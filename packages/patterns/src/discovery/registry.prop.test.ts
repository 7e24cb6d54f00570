import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import {
  CatalogCopy,
  type InstanceStatus,
  parseIpAddress,
  reverseName,
  ServiceRegistry,
  type ServiceRegistryInput,
} from './index.ts';

const at = Instant.of;

interface Model {
  ttlMs: number;
  expiresAt: number;
  lost: boolean;
  draining: boolean;
  checks: Map<string, InstanceStatus>;
  criticalSince: number | undefined;
}

const action = fc.record({
  kind: fc.constantFrom(
    'register',
    'register',
    'renew',
    'renew',
    'report',
    'drain',
    'undrain',
    'deregister',
    'tick',
    'tick',
  ),
  service: fc.constantFrom('s', 't'),
  id: fc.constantFrom('a', 'b'),
  ttlMs: fc.constantFrom(10, 30),
  checks: fc.constantFrom([], ['x'], ['x', 'y']),
  check: fc.constantFrom('x', 'y'),
  status: fc.constantFrom('passing', 'warning', 'critical'),
  waitMs: fc.constantFrom(0, 3, 10, 25),
});

const REMOVE_MS = 40;

const statusOf = (m: Model): InstanceStatus => {
  const all = [...m.checks.values()];
  if (m.lost || all.includes('critical')) return 'critical';
  return m.draining ? 'draining' : all.includes('warning') ? 'warning' : 'passing';
};

test('against a table that is searched each time: the same instances, with the same status, at any time; and a copy has them too', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), fc.constantFrom(0, 2, 100), (actions, changesMax) => {
      const registry = new ServiceRegistry({ removeCriticalMs: REMOVE_MS, expiriesPerSecondMax: 1e9, changesMax });
      const copy = new CatalogCopy({ changesMax });
      const model = new Map<string, Model>();
      let now = 0;
      const listen = (): void => {
        copy.load(registry.catalog.all(), registry.catalog.revision, at(now));
        registry.watch(undefined, copy.resumeFrom, (notice) => copy.hear(notice, at(now)));
      };
      listen();
      const settle = (m: Model): void => {
        if (statusOf(m) === 'critical') m.criticalSince ??= now;
        else m.criticalSince = undefined;
      };
      for (const { kind, service, id, ttlMs, checks, check, status, waitMs } of actions) {
        now += waitMs;
        const key = `${service}/${id}`;
        const known = model.get(key);
        const input =
          kind === 'register'
            ? { kind, registration: { service, id, ttlMs, checks, addresses: ['::1'], ports: [] } }
            : { kind, service, id, check, status };
        registry.step(input as ServiceRegistryInput, at(now), []);
        if (kind === 'register') {
          const states = checks.map((name) => [name, known?.checks.get(name) ?? 'critical'] as const);
          model.set(key, {
            ttlMs,
            expiresAt: now + ttlMs,
            lost: false,
            draining: known?.draining ?? false,
            checks: new Map(states),
            criticalSince: known?.criticalSince,
          });
        } else if (kind === 'tick') {
          for (const m of model.values()) if (!m.lost && m.expiresAt <= now) m.lost = true;
          for (const m of model.values()) settle(m);
          for (const [name, m] of model) if ((m.criticalSince ?? now) + REMOVE_MS <= now) model.delete(name);
        } else if (kind === 'deregister') model.delete(key);
        else if (known !== undefined) {
          if (kind === 'renew') Object.assign(known, { lost: false, expiresAt: now + known.ttlMs });
          else if (kind === 'report' && known.checks.has(check)) known.checks.set(check, status as InstanceStatus);
          else if (kind === 'drain' || kind === 'undrain') known.draining = kind === 'drain';
        }
        for (const m of model.values()) settle(m);
        const expected = [...model].map(([name, m]) => `${name} ${statusOf(m)}`).sort();
        const shown = (of: typeof registry.catalog): string[] =>
          [...of.all()].map((i) => `${i.service}/${i.id} ${i.status}`).sort();
        expect(shown(registry.catalog)).toEqual(expected);
        expect(registry.catalog.size).toBe(model.size);
        const listed = ['s', 't'].flatMap((name) => registry.catalog.instancesOf(name));
        expect(listed.map((i) => `${i.service}/${i.id} ${i.status}`)).toEqual(expected);
        while (registry.flush()) {}
        if (copy.needsSnapshot) listen();
        expect(shown(copy.catalog)).toEqual(expected);
        expect([...copy.catalog.withReverseName(reverseName(parseIpAddress('::1')!))]).toHaveLength(model.size);
      }
    }),
    { numRuns: 250 },
  );
});

describe('addresses', () => {
  const group = fc.constantFrom('0', '1', 'ff', 'abcd', '12345', '', '00a', 'g');
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.array(group, { minLength: 1, maxLength: 9 }).map((groups) => groups.join(':')),
    fc
      .array(fc.constantFrom('0', '1', '255', '256', '01', ''), { minLength: 1, maxLength: 5 })
      .map((parts) => parts.join('.')),
    fc.tuple(fc.constantFrom('::', '::ffff:', '1:2:3:4:5:6:', 'a::b:'), fc.ipV4()).map(([head, v4]) => head + v4),
  );
  test('are read as the platform reads them', () => {
    fc.assert(
      fc.property(text, (address) => {
        expect(parseIpAddress(address)?.family).toBe(isIPv4(address) ? 4 : isIPv6(address) ? 6 : undefined);
      }),
      { numRuns: 1000 },
    );
  });

  test('have the reverse names of RFC 1035, section 3.5, and RFC 3596, section 2.5', () => {
    expect(reverseName(parseIpAddress('10.2.0.52')!)).toBe('52.0.2.10.in-addr.arpa');
    expect(reverseName(parseIpAddress('4321:0:1:2:3:4:567:89ab')!)).toBe(
      'b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa',
    );
  });

  test('have one reverse name, however they are written', () => {
    const names = ['2001:db8::1', '2001:0DB8:0:0:0:0:0:1', '2001:db8::0.0.0.1'].map((each) =>
      reverseName(parseIpAddress(each)!),
    );
    expect(new Set(names).size).toBe(1);
  });
});
