import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import {
  answerDns,
  type DnsReply,
  type DnsTransport,
  dnsZone,
  FRESH,
  type Registration,
  replyBytes,
  ServiceRegistry,
} from './index.ts';

const at = Instant.of;
const zone = dnsZone({ zone: 'q', nameServers: [{ name: 'ns', addresses: ['10.9.9.9', '::9'] }] });

const instance = fc.record({
  service: fc.constantFrom('s', 't'),
  id: fc.constantFrom('a', 'b', 'c'),
  addresses: fc.constantFrom(['10.0.0.1'], ['10.0.0.2', '::2'], ['::3']),
  ports: fc.subarray([
    { protocol: 'tcp' as const, port: 1 },
    { name: 'p', protocol: 'tcp' as const, port: 2 },
    { name: 'P', protocol: 'udp' as const, port: 3 },
  ]),
  tags: fc.subarray(['x', 'Y']),
  priority: fc.constantFrom(0, 0, 1),
  weight: fc.constantFrom(1, 5),
  meta: fc.constantFrom({}, { k: 'v' }, { k: 'é'.repeat(200) }),
  status: fc.constantFrom('passing' as const, 'warning' as const, 'critical' as const),
});

const label = fc.constantFrom(
  's',
  't',
  'u',
  'a',
  'b',
  'x',
  'y',
  '_s',
  '_t',
  '_x',
  '_p',
  '_tcp',
  '_udp',
  'service',
  'node',
  'ns',
  '',
);
const name = fc
  .tuple(
    fc.array(label, { maxLength: 4 }),
    fc.constantFrom('service.q', 'node.q', 'q', 'service.q.', 'other', '1.0.0.10.in-addr.arpa'),
  )
  .map(([labels, end]) => [...labels, end].join('.'));
const type = fc.constantFrom('A', 'AAAA', 'SRV', 'TXT', 'PTR', 'NS', 'SOA', 'ANY', 'MX');
const transport = fc.constantFrom<DnsTransport>({ kind: 'udp' }, { kind: 'udp', payloadBytes: 600 }, { kind: 'tcp' });

function registryOf(
  instances: readonly (Omit<Registration, 'ttlMs'> & { readonly status: 'passing' | 'warning' | 'critical' })[],
): ServiceRegistry {
  const registry = new ServiceRegistry();
  for (const { status, ...of } of instances) {
    registry.step({ kind: 'register', registration: { ...of, ttlMs: 1_000, checks: ['ok'] } }, at(0), []);
    registry.step({ kind: 'report', service: of.service, id: of.id, check: 'ok', status }, at(0), []);
  }
  return registry;
}

const instances = fc.array(instance, { maxLength: 5 });

test('what does not exist has nothing below it (RFC 8020)', () => {
  fc.assert(
    fc.property(instances, name, label, type, (of, parent, child, asked) => {
      const view = { catalog: registryOf(of).catalog, freshness: FRESH };
      const ask = (question: string): string =>
        answerDns({ name: question, type: asked }, view, zone, seeded(1), { kind: 'tcp' }).rcode;
      if (ask(parent) === 'NXDOMAIN') expect(ask(`${child}.${parent}`)).toBe('NXDOMAIN');
    }),
    { numRuns: 400 },
  );
});

test('whatever is asked: it fits, the spelling does not matter, only healthy ones are answered unless that is said', () => {
  fc.assert(
    fc.property(instances, name, type, transport, (of, question, asked, by) => {
      const { catalog } = registryOf(of);
      const view = { catalog, freshness: FRESH };
      const ask = (spelling: string): DnsReply => answerDns({ name: spelling, type: asked }, view, zone, seeded(1), by);
      const reply = ask(question);
      const withOpt = by.kind === 'tcp' || by.payloadBytes !== undefined;
      const limit = by.kind === 'tcp' ? 65_535 : (by.payloadBytes ?? 512);
      expect(replyBytes(reply, { name: question, type: asked }, withOpt)).toBeLessThanOrEqual(limit);
      const loud = ask(question.toUpperCase());
      expect({ ...loud, answers: loud.answers.map(({ data }) => data) }).toEqual({
        ...reply,
        answers: reply.answers.map(({ data }) => data),
      });
      expect(reply.answers.length).toBeLessThanOrEqual(zone.answersMax);
      // Either answers, or SOA, or a refusal.
      expect(reply.answers.length > 0 || reply.authorities.length === 1 || reply.rcode === 'REFUSED').toBe(true);
      for (const answer of reply.answers) {
        expect([answer.type, 'HINFO']).toContain(asked === 'ANY' ? 'HINFO' : asked);
        if (answer.type !== 'SRV') continue;
        const [id, service] = answer.data.target.split('.') as [string, string];
        const target = catalog.get(service, id)!;
        expect(target.status !== 'critical' || reply.isPanic).toBe(true);
        expect(target.ports.some(({ port }) => port === answer.data.port)).toBe(true);
        // The target can be looked up, and says what the additional records said.
        const addresses = ['A', 'AAAA'].flatMap(
          (each) => answerDns({ name: answer.data.target, type: each }, view, zone, seeded(1), by).answers,
        );
        expect(addresses.map(({ data }) => data).sort()).toEqual([...target.addresses].sort());
        const added = reply.additionals.filter((each) => each.name === answer.data.target).map(({ data }) => data);
        if (reply.additionals.length > 0) expect(added.sort()).toEqual([...target.addresses].sort());
      }
    }),
    { numRuns: 400 },
  );
});
