/** How a zone answers: names, times to live, bounds. */
import { assert } from '../base/index.ts';
import { normalName } from './dns-name.ts';
import type { DnsRecord } from './dns-records.ts';
import { PANIC_SHARE_DEFAULT } from './panic-threshold.ts';

export interface NameServer {
  /** One label below the zone. */
  readonly name: string;
  readonly addresses: readonly string[];
}

export interface DnsZoneOptions {
  /** Default `quorate`. */
  readonly zone?: string;
  /** Of answers. Default 0: instances come and go, and whoever caches asks the dead. */
  readonly ttlSeconds?: number;
  /** For how long it may be remembered that there is nothing (RFC 2308). Default 5. */
  readonly negativeTtlSeconds?: number;
  /** Of answers from a stale copy; greater than 0, so that nobody asks the harder the less we know. Default 30 (RFC 8767, section 4). */
  readonly staleTtlSeconds?: number;
  /** Older copies give no answer. Default one day (RFC 8767, section 5: one to three). */
  readonly staleMaxMs?: number;
  /** Records in the answer section. Default 8. */
  readonly answersMax?: number;
  /** Instances with a warning are not answered. */
  readonly onlyPassing?: boolean;
  /** Below this share of healthy ones all are answered. 0: never. Default 0.5. */
  readonly panicShare?: number;
  /** The first is named in SOA. */
  readonly nameServers?: readonly NameServer[];
  /** In SOA; default `hostmaster.<zone>`. */
  readonly responsible?: string;
}

export type DnsZone = Required<DnsZoneOptions>;

const REFRESH_SECONDS = 3600;
const RETRY_SECONDS = 600;
const EXPIRE_SECONDS = 86_400;
const DAY_MS = 86_400_000;

/** With defaults, checked. */
export function dnsZone(options: DnsZoneOptions = {}): DnsZone {
  const zone = normalName(options.zone ?? 'quorate');
  const settings = {
    ttlSeconds: 0,
    negativeTtlSeconds: 5,
    staleTtlSeconds: 30,
    staleMaxMs: DAY_MS,
    answersMax: 8,
    onlyPassing: false,
    panicShare: PANIC_SHARE_DEFAULT,
    nameServers: [],
    responsible: `hostmaster.${zone}`,
    ...options,
    zone,
  };
  assert(zone.length > 0, 'a zone must have a name');
  assert(settings.answersMax >= 1, `answersMax must be >= 1, not ${settings.answersMax}`);
  assert(settings.staleTtlSeconds > 0, `staleTtlSeconds must be > 0, not ${settings.staleTtlSeconds}`);
  return settings;
}

/**
 * SOA. Its serial is the revision, modulo 2^32 as RFC 1982 has it; `minimum` is the negative time to live, and in the authority section the record itself
 * lives no longer than that (RFC 2308, sections 3 and 5).
 */
export function soaOf(zone: DnsZone, revision: number, ttl: number): DnsRecord {
  const data = {
    mname: `${zone.nameServers[0]?.name ?? 'ns'}.${zone.zone}`,
    rname: zone.responsible,
    serial: revision % 2 ** 32,
    refresh: REFRESH_SECONDS,
    retry: RETRY_SECONDS,
    expire: EXPIRE_SECONDS,
    minimum: zone.negativeTtlSeconds,
  };
  return { type: 'SOA', class: 'IN', name: zone.zone, ttl, data };
}
