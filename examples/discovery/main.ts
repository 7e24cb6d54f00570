/** A service of three instances: found by name, balanced by latency, one of them slow, one failing, and the registry away. */
import { Instant } from '@quorate/patterns/base';
import {
  answerDns,
  CatalogCopy,
  type DnsReply,
  dnsZone,
  Endpoints,
  FRESH,
  type Freshness,
  followInstances,
  OutlierDetector,
  type OutlierEffect,
  PeakEwma,
  type ServiceCatalog,
  ServiceRegistry,
  TwoChoices,
} from '@quorate/patterns/discovery';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const at = Instant.of;

// Three instances register for ten seconds at a time; a copy of the catalog follows.
const registry = new ServiceRegistry();
const copy = new CatalogCopy();
let now = 0;
copy.load([], 0, at(now));
registry.watch(undefined, copy.resumeFrom, (notice) => copy.hear(notice, at(now)));
for (const [id, address] of [
  ['w1', '10.0.0.1'],
  ['w2', '10.0.0.2'],
  ['w3', '10.0.0.3'],
] as const) {
  const ports = [{ name: 'http', protocol: 'tcp' as const, port: 8080 }];
  const registration = { service: 'web', id, addresses: [address], ports, ttlMs: 10_000 };
  registry.step({ kind: 'register', registration }, at(now), []);
}
registry.flush();

const zone = dnsZone();
const ask = (name: string, type: string, catalog: ServiceCatalog, freshness: Freshness): DnsReply =>
  answerDns({ name, type }, { catalog, freshness }, zone, Math.random, { kind: 'udp' });
const show = ({ rcode, answers, isStale, ageMs }: DnsReply): string => {
  const data = answers.map((answer) =>
    answer.type === 'SRV' ? `${answer.data.target}:${answer.data.port}` : answer.data,
  );
  return `${rcode} ${data.map(String).sort().join(', ')}${isStale ? ` (stale, ${ageMs / 1000} s old)` : ''}`;
};
say(`SRV: ${show(ask('_http._tcp.web.service.quorate', 'SRV', registry.catalog, FRESH))}`);
say(`no such service: ${show(ask('api.service.quorate', 'A', registry.catalog, FRESH))}`);

// Requests: w1 answers in 5 ms, w2 in 500 ms, w3 fails at once.
const endpoints = new Endpoints();
const { joined } = followInstances(endpoints, copy.catalog.instancesOf('web'), at(now));
const metric = new PeakEwma(endpoints);
const balancer = new TwoChoices(Math.random, { endpoints, metric });
const outliers = new OutlierDetector(Math.random, endpoints.endpointsMax, at(now));
for (const slot of joined) outliers.add(slot);
const sent: Record<string, number> = { w1: 0, w2: 0, w3: 0 };
const slow: { readonly slot: number; readonly beganAt: Instant }[] = [];
const finish = (slot: number, beganAt: Instant, failed: boolean): void => {
  metric.end(slot, beganAt, at(now));
  const out: OutlierEffect[] = [];
  outliers.record(slot, failed ? 'server-error' : 'success', at(now), out);
  for (const effect of out) {
    if (effect.kind !== 'eject') continue;
    endpoints.setEjected(effect.slot, true);
    say(`${endpoints.idOf(effect.slot)} is ejected: ${effect.cause}, for ${effect.forMs / 1000} s`);
  }
};
for (let request = 0; request < 300; request++) {
  now += 5;
  while (slow.length > 0 && slow[0]!.beganAt + 500 <= now) {
    const { slot, beganAt } = slow.shift()!;
    finish(slot, beganAt, false);
  }
  const beganAt = at(now);
  const slot = balancer.pick(beganAt);
  const id = endpoints.idOf(slot);
  sent[id] = (sent[id] ?? 0) + 1;
  metric.begin(slot, beganAt);
  if (id === 'w2') slow.push({ slot, beganAt });
  else {
    now += id === 'w1' ? 5 : 0;
    finish(slot, beganAt, id === 'w3');
  }
}
say(`of 300 requests w1 got ${sent['w1']}, the slow w2 ${sent['w2']}, the failing w3 ${sent['w3']}`);

// The instances fall silent: first lost, which is not gone, and then the copy is cut off too.
now = 20_000;
registry.step({ kind: 'tick' }, at(now), []);
registry.flush();
const lost = ask('web.service.quorate', 'A', copy.catalog, copy.freshness(at(now)));
say(`all leases ran out: ${show(lost)}, in panic: ${lost.isPanic}`);
now = 80_000;
say(`a minute later: ${show(ask('web.service.quorate', 'A', copy.catalog, copy.freshness(at(now))))}`);
