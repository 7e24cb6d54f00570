import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import {
  answerDns,
  CatalogCopy,
  type DnsReply,
  type DnsTransport,
  type DnsZoneOptions,
  dnsZone,
  FRESH,
  type Freshness,
  messageBytesMax,
  type Registration,
  replyBytes,
  ServiceRegistry,
  weightedOrder,
} from './index.ts';

const at = Instant.of;
const TCP: DnsTransport = { kind: 'tcp' };

class Bench {
  readonly registry = new ServiceRegistry();
  readonly random = seeded(5);
  add(id: string, more: Partial<Registration> = {}): void {
    const registration = {
      service: 'web',
      id,
      addresses: [`10.0.0.${id.length}`],
      ports: [{ name: 'http', protocol: 'tcp' as const, port: 8080 }],
      ttlMs: 10_000,
      checks: ['ok'],
      ...more,
    };
    this.registry.step({ kind: 'register', registration }, at(0), []);
    this.report(id, 'passing', registration.service);
  }
  report(id: string, status: 'passing' | 'warning' | 'critical', service = 'web'): void {
    this.registry.step({ kind: 'report', service, id, check: 'ok', status }, at(0), []);
  }
  ask(
    name: string,
    type: string,
    {
      freshness = FRESH,
      transport = TCP,
      ...options
    }: DnsZoneOptions & { freshness?: Freshness; transport?: DnsTransport } = {},
  ): DnsReply {
    const view = { catalog: this.registry.catalog, freshness };
    return answerDns({ name, type }, view, dnsZone(options), this.random, transport);
  }
  /** Of all answers what they say, sorted. */
  data(name: string, type: string, options: Parameters<Bench['ask']>[2] = {}): unknown[] {
    return this.ask(name, type, options)
      .answers.map(({ data }) => (typeof data === 'object' && 'target' in data ? `${data.target}:${data.port}` : data))
      .sort();
  }
}

const three = (): Bench => {
  const bench = new Bench();
  bench.add('a', { addresses: ['10.0.0.1', '2001:db8::1'], tags: ['Blue'] });
  bench.add('b', { addresses: ['10.0.0.2'], tags: ['green'], meta: { version: '7', build: 'x'.repeat(250) } });
  bench.add('c', {
    addresses: ['2001:db8::3'],
    ports: [
      { protocol: 'udp', port: 53 },
      { name: 'HTTP', protocol: 'tcp', port: 81 },
    ],
  });
  return bench;
};

describe('a service', () => {
  test('has the addresses of its instances, IPv4 for A and IPv6 for AAAA', () => {
    const bench = three();
    expect(bench.data('web.service.quorate', 'A')).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(bench.data('web.service.quorate', 'AAAA')).toEqual(['2001:db8::1', '2001:db8::3']);
  });

  test('has SRV records with the first port of each, and the addresses of the targets besides (RFC 2782)', () => {
    const reply = three().ask('web.service.quorate', 'SRV');
    expect(reply.answers).toHaveLength(3);
    const first = reply.answers.find(({ data }) => typeof data === 'object' && 'port' in data && data.port === 8080);
    expect(first).toMatchObject({ class: 'IN', type: 'SRV', ttl: 0, data: { priority: 0, weight: 1, port: 8080 } });
    expect(reply.additionals.map(({ name, type, data }) => `${name} ${type} ${data}`).sort()).toEqual([
      'a.web.node.quorate A 10.0.0.1',
      'a.web.node.quorate AAAA 2001:db8::1',
      'b.web.node.quorate A 10.0.0.2',
      'c.web.node.quorate AAAA 2001:db8::3',
    ]);
  });

  test('by a tag, whatever its case', () => {
    const bench = three();
    expect(bench.data('blue.web.service.quorate', 'A')).toEqual(['10.0.0.1']);
    expect(bench.ask('red.web.service.quorate', 'A').rcode).toBe('NXDOMAIN');
  });

  test('by the form of RFC 2782, with a protocol or a tag', () => {
    const bench = three();
    expect(bench.data('_web._tcp.service.quorate', 'SRV')).toEqual([
      'a.web.node.quorate:8080',
      'b.web.node.quorate:8080',
      'c.web.node.quorate:81',
    ]);
    expect(bench.data('_web._udp.service.quorate', 'SRV')).toEqual(['c.web.node.quorate:53']);
    expect(bench.data('_web._green.service.quorate', 'SRV')).toEqual(['b.web.node.quorate:8080']);
    expect(bench.ask('_web._tcp.service.quorate', 'A')).toMatchObject({ rcode: 'NOERROR', answers: [] });
  });

  test('by the name of a port; ports without one have no record', () => {
    const bench = three();
    expect(bench.data('_http._tcp.web.service.quorate', 'SRV')).toEqual([
      'a.web.node.quorate:8080',
      'b.web.node.quorate:8080',
      'c.web.node.quorate:81',
    ]);
    expect(bench.ask('_http._udp.web.service.quorate', 'SRV').rcode).toBe('NXDOMAIN');
  });

  test('is answered for in the spelling of the question (RFC 4343), and targets in ours', () => {
    const reply = three().ask('WeB.sErVice.QUORATE.', 'SRV');
    expect(new Set(reply.answers.map(({ name }) => name))).toEqual(new Set(['WeB.sErVice.QUORATE']));
    expect(reply.additionals.every(({ name }) => name === name.toLowerCase())).toBe(true);
  });

  test('in another zone is not ours to answer; the zone can have several labels', () => {
    const bench = three();
    expect(bench.ask('web.service.consul', 'A')).toMatchObject({ rcode: 'REFUSED', isAuthoritative: false });
    expect(bench.ask('notquorate', 'A').rcode).toBe('REFUSED');
    expect(bench.data('web.service.dc1.Example.COM', 'A', { zone: 'dc1.example.com.' })).toHaveLength(2);
  });
});

describe('health', () => {
  test('decides who is answered; a warning is well enough unless it is said not to be', () => {
    const bench = three();
    bench.report('a', 'warning');
    expect(bench.data('web.service.quorate', 'A')).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(bench.data('web.service.quorate', 'A', { onlyPassing: true })).toEqual(['10.0.0.2']);
    bench.report('a', 'critical');
    expect(bench.data('web.service.quorate', 'A')).toEqual(['10.0.0.2']);
  });

  test('is disregarded when too few have it, and the reply says so', () => {
    const bench = three();
    for (const id of ['a', 'b']) bench.report(id, 'critical');
    expect(bench.ask('web.service.quorate', 'A')).toMatchObject({ isPanic: true });
    expect(bench.data('web.service.quorate', 'A')).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(bench.ask('web.service.quorate', 'A', { panicShare: 0 })).toMatchObject({
      isPanic: false,
      rcode: 'NOERROR',
      answers: [],
    });
  });

  test('does not matter for the name of one instance', () => {
    const bench = three();
    bench.report('a', 'critical');
    expect(bench.data('a.web.node.quorate', 'A')).toEqual(['10.0.0.1']);
  });
});

describe('an instance', () => {
  test('has its addresses, and what it says of itself as TXT; what does not fit into a string is left out', () => {
    const bench = three();
    expect(bench.data('a.web.node.quorate', 'AAAA')).toEqual(['2001:db8::1']);
    expect(bench.ask('b.web.node.quorate', 'TXT').answers).toMatchObject([{ type: 'TXT', data: ['version=7'] }]);
    expect(bench.ask('a.web.node.quorate', 'TXT')).toMatchObject({ rcode: 'NOERROR', answers: [] });
    expect(bench.ask('x.web.node.quorate', 'A').rcode).toBe('NXDOMAIN');
  });

  test('is found by its address', () => {
    const bench = three();
    bench.add('also', { service: 'api', addresses: ['10.0.0.2'] });
    expect(bench.data('2.0.0.10.IN-ADDR.ARPA', 'PTR')).toEqual(['also.api.node.quorate', 'b.web.node.quorate']);
    const v6 = '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa';
    expect(bench.data(v6, 'PTR')).toEqual(['a.web.node.quorate']);
    expect(bench.ask('9.9.9.9.in-addr.arpa', 'PTR')).toMatchObject({ rcode: 'REFUSED', isAuthoritative: false });
  });
});

describe('no', () => {
  const soa = (reply: DnsReply): unknown => reply.authorities.map(({ type, name, ttl }) => ({ type, name, ttl }));

  test('is NXDOMAIN where there is no such name, with SOA and the negative time to live (RFC 2308)', () => {
    const bench = three();
    const reply = bench.ask('api.service.quorate', 'A', { negativeTtlSeconds: 7 });
    expect(reply).toMatchObject({ rcode: 'NXDOMAIN', answers: [], isAuthoritative: true });
    expect(soa(reply)).toEqual([{ type: 'SOA', name: 'quorate', ttl: 7 }]);
    expect(reply.authorities[0]?.data).toMatchObject({
      mname: 'ns.quorate',
      rname: 'hostmaster.quorate',
      serial: bench.registry.catalog.revision,
      minimum: 7,
    });
  });

  test('is NODATA where there is one, but nothing of this type, nobody who is well, or only something below', () => {
    const bench = three();
    for (const id of ['a', 'b', 'c']) bench.report(id, 'critical');
    for (const [name, type] of [
      ['web.service.quorate', 'TXT'],
      ['web.service.quorate', 'A'],
      ['service.quorate', 'A'],
      ['node.quorate', 'A'],
      ['web.node.quorate', 'A'],
      ['_tcp.web.service.quorate', 'SRV'],
      ['_tcp.service.quorate', 'SRV'],
      ['quorate', 'A'],
    ] as const) {
      const reply = bench.ask(name, type, { panicShare: 0 });
      expect([name, reply.rcode, reply.answers.length, soa(reply)]).toEqual([
        name,
        'NOERROR',
        0,
        [{ type: 'SOA', name: 'quorate', ttl: 5 }],
      ]);
    }
  });

  test('is NXDOMAIN for the ports of a protocol of which none has a name', () => {
    expect(three().ask('_udp.web.service.quorate', 'SRV').rcode).toBe('NXDOMAIN');
  });

  test('has no SOA where there is an answer', () => {
    expect(three().ask('web.service.quorate', 'A').authorities).toEqual([]);
  });
});

describe('the zone itself', () => {
  const nameServers = [{ name: 'ns1', addresses: ['10.9.9.9'] }];
  test('has SOA, and name servers with their addresses', () => {
    const bench = three();
    expect(bench.ask('quorate', 'SOA').answers).toMatchObject([{ type: 'SOA', name: 'quorate' }]);
    const reply = bench.ask('quorate', 'NS', { nameServers });
    expect(reply.answers).toMatchObject([{ type: 'NS', data: 'ns1.quorate' }]);
    expect(reply.additionals).toMatchObject([{ name: 'ns1.quorate', type: 'A', data: '10.9.9.9' }]);
    expect(bench.data('NS1.quorate', 'A', { nameServers })).toEqual(['10.9.9.9']);
    expect(bench.ask('ns1.quorate', 'A').rcode).toBe('NXDOMAIN');
  });

  test('answers ANY with one record that says no more (RFC 8482), and no class but IN', () => {
    const bench = three();
    expect(bench.ask('web.service.quorate', 'ANY').answers).toMatchObject([
      { type: 'HINFO', data: { cpu: 'RFC8482' } },
    ]);
    expect(bench.ask('api.service.quorate', 'ANY').rcode).toBe('NXDOMAIN');
    const view = { catalog: bench.registry.catalog, freshness: FRESH };
    const question = { name: 'web.service.quorate', type: 'A', class: 'CH' };
    expect(answerDns(question, view, dnsZone(), bench.random, TCP).rcode).toBe('REFUSED');
  });
});

describe('order', () => {
  test('is drawn anew for each answer, the first place by weight', () => {
    const random = seeded(2);
    const items = [1, 2, 5];
    const firsts = [0, 0, 0];
    for (let i = 0; i < 40_000; i++) firsts[items.indexOf(weightedOrder(random, items, (w) => w)[0]!)]! += 1;
    expect(firsts.map((count) => count / 40_000)).toEqual(
      [1 / 8, 2 / 8, 5 / 8].map((share) => expect.closeTo(share, 2)),
    );
  });

  test('and the second by weight among those that are left', () => {
    const random = seeded(3);
    let twoThenFive = 0;
    let twoFirst = 0;
    for (let i = 0; i < 40_000; i++) {
      const [first, second] = weightedOrder(random, [1, 2, 5], (w) => w);
      if (first === 2) twoFirst += 1;
      if (first === 2 && second === 5) twoThenFive += 1;
    }
    expect(twoThenFive / twoFirst).toBeCloseTo(5 / 6, 1);
  });

  test('decides who is left out when there are more than the bound, which is no truncation', () => {
    const bench = new Bench();
    for (let i = 1; i <= 20; i++) bench.add(`w${i}`, { addresses: [`10.0.1.${i}`] });
    const seen = new Set<unknown>();
    for (let i = 0; i < 60; i++) {
      const reply = bench.ask('web.service.quorate', 'A', { answersMax: 3 });
      expect(reply).toMatchObject({ isTruncated: false, isPartial: true });
      expect(new Set(reply.answers.map(({ data }) => data)).size).toBe(3);
      for (const { data } of reply.answers) seen.add(data);
    }
    expect(seen.size).toBe(20);
  });

  test('puts lower priorities first in SRV, and gives no addresses of others', () => {
    const bench = new Bench();
    for (let i = 1; i <= 4; i++) bench.add(`w${i}`, { addresses: [`10.0.1.${i}`], priority: i % 2 });
    const priorities = bench
      .ask('web.service.quorate', 'SRV')
      .answers.map(({ data }) => (data as { priority: number }).priority);
    expect(priorities).toEqual([0, 0, 1, 1]);
    expect(bench.data('web.service.quorate', 'A')).toEqual(['10.0.1.2', '10.0.1.4']);
    for (const id of ['w2', 'w4']) bench.report(id, 'critical');
    expect(bench.data('web.service.quorate', 'A')).toEqual(['10.0.1.1', '10.0.1.3']);
  });
});

describe('size', () => {
  const big = (): Bench => {
    const bench = new Bench();
    for (let i = 1; i <= 8; i++) bench.add(`instance-number-${i}`, { addresses: [`10.0.1.${i}`] });
    return bench;
  };

  test('is at most 512 bytes over UDP, as much as the asker says up to 1,232, and 65,535 over TCP', () => {
    expect(messageBytesMax({ kind: 'udp' })).toBe(512);
    expect([100, 800, 4096].map((payloadBytes) => messageBytesMax({ kind: 'udp', payloadBytes }))).toEqual([
      512, 800, 1232,
    ]);
    expect(messageBytesMax(TCP)).toBe(65_535);
  });

  test('drops additional records first, and does not call that truncated (RFC 2181, section 9)', () => {
    const reply = big().ask('web.service.quorate', 'SRV', { transport: { kind: 'udp', payloadBytes: 1000 } });
    expect([reply.answers.length, reply.additionals.length, reply.isTruncated]).toEqual([8, 0, false]);
  });

  test('drops answers when it must, and says so', () => {
    const question = { name: 'web.service.quorate', type: 'SRV' };
    const reply = big().ask(question.name, question.type, { transport: { kind: 'udp' } });
    expect(reply.isTruncated).toBe(true);
    expect(reply.answers.length).toBeGreaterThan(0);
    expect(replyBytes(reply, question, false)).toBeLessThanOrEqual(512);
  });

  test('by hand: one A record is 12 + 21 + 4 + 21 + 10 + 4 bytes', () => {
    const bench = new Bench();
    bench.add('a');
    const question = { name: 'web.service.quorate', type: 'A' };
    expect(replyBytes(bench.ask(question.name, 'A'), question, false)).toBe(72);
  });
});

describe('an answer from a copy that has not heard of the registry', () => {
  const stale = { ageMs: 60_000, isStale: true };

  test('is marked, with its age, and lives for half a minute instead of not at all (RFC 8767)', () => {
    const reply = three().ask('web.service.quorate', 'A', { freshness: stale });
    expect(reply).toMatchObject({ isStale: true, ageMs: 60_000, extendedErrors: [{ code: 3 }] });
    expect(reply.answers.every(({ ttl }) => ttl === 30)).toBe(true);
  });

  test('is marked also when it is no', () => {
    const bench = three();
    expect(bench.ask('api.service.quorate', 'A', { freshness: stale })).toMatchObject({
      rcode: 'NXDOMAIN',
      extendedErrors: [{ code: 19 }],
    });
    expect(bench.ask('web.service.quorate', 'TXT', { freshness: stale })).toMatchObject({
      rcode: 'NOERROR',
      extendedErrors: [{ code: 3 }],
    });
  });

  test('is not given when the copy is too old, or when there never was one', () => {
    const bench = three();
    const old = { ageMs: 86_400_001, isStale: true };
    expect(bench.ask('web.service.quorate', 'A', { freshness: old })).toMatchObject({
      rcode: 'SERVFAIL',
      answers: [],
      extendedErrors: [{ code: 22 }],
    });
    const copy = new CatalogCopy();
    const view = { catalog: copy.catalog, freshness: copy.freshness(at(0)) };
    expect(answerDns({ name: 'web.service.quorate', type: 'A' }, view, dnsZone(), bench.random, TCP).rcode).toBe(
      'SERVFAIL',
    );
  });
});
