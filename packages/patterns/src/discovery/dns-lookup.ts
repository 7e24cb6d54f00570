/** Which records there are for a name, whatever their type: the zone's data, derived from a catalog. */
import type { RandomNumber } from '../base/index.ts';
import type { NameAsked } from './dns-name.ts';
import type { DnsRecord } from './dns-records.ts';
import { textBytes } from './dns-size.ts';
import type { DnsZone } from './dns-zone.ts';
import type { Instance, ServicePort } from './instance.ts';
import { parseIpAddress } from './ip-address.ts';
import { type InstanceQuery, selectInstances } from './select-instances.ts';
import type { ServiceCatalog } from './service-catalog.ts';
import { weightedOrder } from './weighted-order.ts';

export interface Lookup {
  readonly catalog: ServiceCatalog;
  readonly zone: DnsZone;
  readonly random: RandomNumber;
  /** As it was asked: answers repeat the asker's spelling, by which some tell forgeries (0x20). */
  readonly name: string;
  readonly type: string;
  /** Seconds. */
  readonly ttl: number;
}

export interface Found {
  readonly records: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
  readonly isPartial: boolean;
  readonly isPanic: boolean;
}

const NOTHING: Found = { records: [], additionals: [], isPartial: false, isPanic: false };
const TXT_BYTES_MAX = 255;

/** Undefined: there is no such name, nor any below it. Nothing found: there is, but nothing of this type, or nobody who is healthy. */
export function lookUp(asked: NameAsked, lookup: Lookup): Found | undefined {
  switch (asked.kind) {
    case 'branch':
      return hasBranch(asked.service, asked.protocol, lookup.catalog) ? NOTHING : undefined;
    case 'service':
      return service(asked, lookup);
    case 'srv':
      return srv(asked, lookup);
    case 'port':
      return namedPort(asked, lookup);
    case 'node':
      return node(lookup.catalog.get(asked.service, asked.id), lookup);
    case 'other':
      return nameServer(asked.labels, lookup);
    case 'reverse':
      return reverse(asked.name, lookup);
    case 'apex':
      return nameServers(lookup);
    case 'foreign':
      return undefined;
  }
}

function hasBranch(name: string | undefined, protocol: string | undefined, catalog: ServiceCatalog): boolean {
  if (name === undefined) return true;
  if (protocol === undefined) return catalog.has(name);
  return catalog
    .instancesOf(name)
    .some(({ ports }) => ports.some((port) => port.protocol === protocol && port.name !== undefined));
}

function service(
  { service: name, tag }: { readonly service: string; readonly tag?: string },
  lookup: Lookup,
): Found | undefined {
  if (!exists(lookup.catalog, name, tag)) return undefined;
  if (lookup.type === 'SRV') return srvOf(queryOf(name, tag), ({ ports }) => ports.slice(0, 1), lookup);
  if (lookup.type === 'A' || lookup.type === 'AAAA') return addressesOf(queryOf(name, tag), lookup);
  return NOTHING;
}

function srv(
  { service: name, tag, protocol }: { readonly service: string; readonly tag?: string; readonly protocol?: string },
  lookup: Lookup,
): Found | undefined {
  if (!exists(lookup.catalog, name, tag)) return undefined;
  const portsOf = ({ ports }: Instance): readonly ServicePort[] =>
    ports.filter((port) => protocol === undefined || port.protocol === protocol).slice(0, 1);
  if (!lookup.catalog.instancesOf(name).some((instance) => portsOf(instance).length > 0)) return undefined;
  return lookup.type === 'SRV' ? srvOf(queryOf(name, tag), portsOf, lookup) : NOTHING;
}

function namedPort(
  { service: name, port, protocol }: { readonly service: string; readonly port: string; readonly protocol: string },
  lookup: Lookup,
): Found | undefined {
  const portsOf = ({ ports }: Instance): readonly ServicePort[] =>
    ports.filter((each) => each.name?.toLowerCase() === port && each.protocol === protocol);
  if (!lookup.catalog.instancesOf(name).some((instance) => portsOf(instance).length > 0)) return undefined;
  return lookup.type === 'SRV' ? srvOf(queryOf(name, undefined), portsOf, lookup) : NOTHING;
}

/** Those with a lower priority are for when there is none with a higher one, which only SRV can say: so addresses are those of the first. */
function addressesOf(query: InstanceQuery, lookup: Lookup): Found {
  const { instances, isPanic } = select(query, lookup);
  const first = instances.filter(({ priority }) => priority === instances[0]?.priority);
  const all = first.flatMap((instance) => addressRecords(instance, lookup.type, lookup.name, lookup.ttl));
  return { ...limited(all, lookup), additionals: [], isPanic };
}

function srvOf(query: InstanceQuery, portsOf: (instance: Instance) => readonly ServicePort[], lookup: Lookup): Found {
  const { instances, isPanic } = select(query, lookup);
  const found = instances.flatMap((instance) =>
    portsOf(instance).map(({ port }) => ({ instance, record: srvRecord(instance, port, lookup) })),
  );
  const { records, isPartial } = limited(
    found.map(({ record }) => record),
    lookup,
  );
  const targets = new Set(found.slice(0, records.length).map(({ instance }) => instance));
  const additionals = [...targets].flatMap((instance) =>
    ['A', 'AAAA'].flatMap((type) => addressRecords(instance, type, nodeName(instance, lookup), lookup.ttl)),
  );
  return { records, additionals, isPartial, isPanic };
}

/** By priority, and within one in an order drawn by weight. */
function select(
  query: InstanceQuery,
  { catalog, zone, random }: Lookup,
): { readonly instances: readonly Instance[]; readonly isPanic: boolean } {
  const { onlyPassing, panicShare } = zone;
  const { instances, isPanic } = selectInstances(catalog, { ...query, onlyPassing, panicShare });
  const drawn = weightedOrder(random, instances, ({ weight }) => weight);
  return { instances: drawn.sort((a, b) => a.priority - b.priority), isPanic };
}

function node(instance: Instance | undefined, lookup: Lookup): Found | undefined {
  if (instance === undefined) return undefined;
  const { name, type, ttl } = lookup;
  if (type !== 'TXT') return { ...NOTHING, records: addressRecords(instance, type, name, ttl) };
  // What does not fit into one string is left out, not cut.
  const texts = Object.entries(instance.meta)
    .map(([key, value]) => `${key}=${value}`)
    .filter((text) => textBytes(text) <= TXT_BYTES_MAX)
    .sort();
  return { ...NOTHING, records: texts.length === 0 ? [] : [{ type, class: 'IN', name, ttl, data: texts }] };
}

function reverse(name: string, lookup: Lookup): Found | undefined {
  const instances = [...lookup.catalog.withReverseName(name)];
  if (instances.length === 0) return undefined;
  if (lookup.type !== 'PTR') return NOTHING;
  const records = instances.map((instance): DnsRecord => {
    const data = nodeName(instance, lookup);
    return { type: 'PTR', class: 'IN', name: lookup.name, ttl: lookup.ttl, data };
  });
  return { ...NOTHING, ...limited(records, lookup) };
}

function nameServers({ zone, type, name, ttl }: Lookup): Found {
  if (type !== 'NS') return NOTHING;
  const records = zone.nameServers.map((server): DnsRecord => {
    const data = `${server.name}.${zone.zone}`;
    return { type: 'NS', class: 'IN', name, ttl, data };
  });
  const additionals = zone.nameServers.flatMap((server) =>
    ['A', 'AAAA'].flatMap((each) => addressRecords(server, each, `${server.name}.${zone.zone}`, ttl)),
  );
  return { ...NOTHING, records, additionals };
}

function nameServer(labels: readonly string[], { zone, type, name, ttl }: Lookup): Found | undefined {
  const server = zone.nameServers.find((each) => labels.length === 1 && each.name.toLowerCase() === labels[0]);
  return server === undefined ? undefined : { ...NOTHING, records: addressRecords(server, type, name, ttl) };
}

function exists(catalog: ServiceCatalog, name: string, tag: string | undefined): boolean {
  if (tag === undefined) return catalog.has(name);
  return catalog.instancesOf(name).some(({ tags }) => tags.some((each) => each.toLowerCase() === tag));
}

function queryOf(name: string, tag: string | undefined): InstanceQuery {
  return tag === undefined ? { service: name } : { service: name, tag };
}

function limited(records: readonly DnsRecord[], { zone }: Lookup): Pick<Found, 'records' | 'isPartial'> {
  return { records: records.slice(0, zone.answersMax), isPartial: records.length > zone.answersMax };
}

function addressRecords(
  { addresses }: { readonly addresses: readonly string[] },
  type: string,
  name: string,
  ttl: number,
): DnsRecord[] {
  if (type !== 'A' && type !== 'AAAA') return [];
  const family = type === 'A' ? 4 : 6;
  return addresses
    .filter((address) => parseIpAddress(address)?.family === family)
    .map((data) => ({ type, class: 'IN', name, ttl, data }));
}

function srvRecord(instance: Instance, port: number, lookup: Lookup): DnsRecord {
  const { priority, weight } = instance;
  const data = { priority, weight, port, target: nodeName(instance, lookup) };
  return { type: 'SRV', class: 'IN', name: lookup.name, ttl: lookup.ttl, data };
}

function nodeName({ service: name, id }: Instance, { zone }: Lookup): string {
  return `${id}.${name}.node.${zone.zone}`;
}
