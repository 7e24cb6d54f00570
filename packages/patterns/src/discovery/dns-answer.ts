/**
 * From a question and a catalog to a reply. Two ways of saying no (RFC 2308, sections 2.1 and 2.2): NXDOMAIN, there is no such name nor any below it
 * (RFC 8020); and NODATA, there is, but nothing to answer. A service whose instances are all ill exists: NODATA, or askers would take what they
 * know of its ports and instances for gone as well. Both carry SOA, which says for how long they may be remembered.
 *
 * Answers from a copy that has not heard of the registry are marked, and live for a short while instead of not at all (RFC 8767). Pure but for the random
 * function; O(instances of the service · log).
 */
import type { RandomNumber } from '../base/index.ts';
import type { Freshness } from './catalog-copy.ts';
import { type Found, lookUp } from './dns-lookup.ts';
import { type NameAsked, nameAsked } from './dns-name.ts';
import type { DnsQuestion, DnsReply, ExtendedDnsError } from './dns-records.ts';
import { type DnsTransport, fitReply } from './dns-size.ts';
import { type DnsZone, soaOf } from './dns-zone.ts';
import type { ServiceCatalog } from './service-catalog.ts';

/** What is known, and how well. */
export interface DnsView {
  readonly catalog: ServiceCatalog;
  readonly freshness: Freshness;
}

const STALE_ANSWER: ExtendedDnsError = { code: 3, text: 'stale answer' };
const STALE_NXDOMAIN: ExtendedDnsError = { code: 19, text: 'stale NXDOMAIN answer' };
const NO_AUTHORITY: ExtendedDnsError = { code: 22, text: 'no reachable authority' };

/** The reply to a question, as much as fits into one message. */
export function answerDns(
  question: DnsQuestion,
  view: DnsView,
  zone: DnsZone,
  random: RandomNumber,
  transport: DnsTransport,
): DnsReply {
  const asked = nameAsked(question.name, zone.zone);
  return fitReply(replyTo(asked, question, view, zone, random), question, transport);
}

function replyTo(
  asked: NameAsked,
  question: DnsQuestion,
  view: DnsView,
  zone: DnsZone,
  random: RandomNumber,
): DnsReply {
  const { ageMs, isStale } = view.freshness;
  const type = question.type.toUpperCase();
  if (asked.kind === 'foreign' || (question.class ?? 'IN') !== 'IN')
    return replyOf(view, { rcode: 'REFUSED', isAuthoritative: false });
  if (isStale && ageMs > zone.staleMaxMs)
    return replyOf(view, { rcode: 'SERVFAIL', isAuthoritative: false, extendedErrors: [NO_AUTHORITY] });
  const name = question.name.endsWith('.') ? question.name.slice(0, -1) : question.name;
  const ttl = isStale ? zone.staleTtlSeconds : zone.ttlSeconds;
  const found = lookUp(asked, { catalog: view.catalog, zone, random, name, type, ttl });
  // Only the addresses of our instances are ours: somebody else may know the others.
  if (asked.kind === 'reverse' && (found === undefined || found.records.length === 0))
    return replyOf(view, { rcode: 'REFUSED', isAuthoritative: false });
  if (found === undefined) return negative('NXDOMAIN', view, zone);
  if (type === 'SOA' && asked.kind === 'apex')
    return replyOf(view, { answers: [{ ...soaOf(zone, view.catalog.revision, ttl), name }] });
  // RFC 8482: one record that says that this is not answered.
  if (type === 'ANY')
    return replyOf(view, { answers: [{ type: 'HINFO', class: 'IN', name, ttl, data: { cpu: 'RFC8482', os: '' } }] });
  return found.records.length === 0 ? negative('NOERROR', view, zone, found) : positive(view, found);
}

function positive(view: DnsView, { records, additionals, isPartial, isPanic }: Found): DnsReply {
  return replyOf(view, { answers: records, additionals, isPartial, isPanic });
}

function negative(rcode: 'NOERROR' | 'NXDOMAIN', view: DnsView, zone: DnsZone, found?: Found): DnsReply {
  const ttl = view.freshness.isStale
    ? Math.min(zone.staleTtlSeconds, zone.negativeTtlSeconds)
    : zone.negativeTtlSeconds;
  return replyOf(view, {
    rcode,
    isPanic: found?.isPanic ?? false,
    authorities: [soaOf(zone, view.catalog.revision, ttl)],
  });
}

function replyOf({ freshness }: DnsView, parts: Partial<DnsReply>): DnsReply {
  const { ageMs, isStale } = freshness;
  const stale = parts.rcode === 'NXDOMAIN' ? STALE_NXDOMAIN : STALE_ANSWER;
  return {
    rcode: 'NOERROR',
    isAuthoritative: true,
    isTruncated: false,
    answers: [],
    authorities: [],
    additionals: [],
    isPartial: false,
    isPanic: false,
    isStale,
    ageMs,
    extendedErrors: isStale && parts.rcode !== 'REFUSED' ? [stale] : [],
    ...parts,
  };
}
