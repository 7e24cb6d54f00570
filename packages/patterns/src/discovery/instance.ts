/** A process that serves: what it says of itself when it registers, and what the registry knows of it. */
import { parseIpAddress } from './ip-address.ts';

/** From best to worst. `draining`: well, but asks for no more requests. */
export type InstanceStatus = 'passing' | 'warning' | 'draining' | 'critical';

export type CheckStatus = 'passing' | 'warning' | 'critical';

export interface ServicePort {
  readonly name?: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

export interface CheckState {
  readonly name: string;
  readonly status: CheckStatus;
  /** What the check said, for people; cut at 512 characters. */
  readonly output: string;
}

export interface Registration {
  /** A DNS label in lower case. */
  readonly service: string;
  /** A DNS label in lower case, unique in the service. */
  readonly id: string;
  /** IPv4 and IPv6, 1 to 8. */
  readonly addresses: readonly string[];
  /** The first is what the service is known for. At most 16. */
  readonly ports: readonly ServicePort[];
  /** At most 32, of at most 63 characters. */
  readonly tags?: readonly string[];
  /** Its capacity against the others', 1 to 65,535; default 1. */
  readonly weight?: number;
  /** Those of a lower number first, 0 to 65,535; default 0. */
  readonly priority?: number;
  readonly zone?: string;
  /** At most 64, keys of at most 128 and values of at most 512 characters. */
  readonly meta?: Readonly<Record<string, string>>;
  /** Without a renewal for so long it counts as lost. */
  readonly ttlMs: number;
  /** Names of the checks that will be reported for it, at most 16. They count as critical until they are. */
  readonly checks?: readonly string[];
}

export interface Instance extends Omit<Required<Registration>, 'checks'> {
  readonly checks: readonly CheckState[];
  readonly status: InstanceStatus;
  /** Its lease ran out; it is kept for a while, because it may only look lost. */
  readonly isLost: boolean;
  readonly isDraining: boolean;
  /** At which it was registered first. */
  readonly createdRevision: number;
  /** At which anything about it changed last. */
  readonly revision: number;
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const ADDRESSES_MAX = 8;
const PORTS_MAX = 16;
const TAGS_MAX = 32;
const TAG_LENGTH_MAX = 63;
const META_MAX = 64;
const META_KEY_LENGTH_MAX = 128;
const META_VALUE_LENGTH_MAX = 512;
const CHECKS_MAX = 16;
const NUMBER_MAX = 65_535;
export const OUTPUT_LENGTH_MAX = 512;

/** What is wrong with a registration, in words; undefined when nothing is. */
export function registrationFault(registration: Registration): string | undefined {
  const { service, id, addresses, ports, tags = [], meta = {}, checks = [], weight = 1, priority = 0 } = registration;
  if (!LABEL.test(service)) return `service must be a DNS label in lower case, not ${JSON.stringify(service)}`;
  if (!LABEL.test(id)) return `id must be a DNS label in lower case, not ${JSON.stringify(id)}`;
  if (addresses.length === 0 || addresses.length > ADDRESSES_MAX) return `addresses must be 1 to ${ADDRESSES_MAX}`;
  const wrong = addresses.find((address) => parseIpAddress(address) === undefined);
  if (wrong !== undefined) return `addresses must be IP addresses, not ${JSON.stringify(wrong)}`;
  if (ports.length > PORTS_MAX) return `ports must be at most ${PORTS_MAX}`;
  if (!ports.every(({ port }) => isWithin(port, 1))) return `a port must be 1 to ${NUMBER_MAX}`;
  if (!isWithin(weight, 1)) return `weight must be 1 to ${NUMBER_MAX}, not ${weight}`;
  if (!isWithin(priority, 0)) return `priority must be 0 to ${NUMBER_MAX}, not ${priority}`;
  if (!(registration.ttlMs > 0)) return `ttlMs must be > 0, not ${registration.ttlMs}`;
  if (tags.length > TAGS_MAX || tags.some((tag) => tag.length === 0 || tag.length > TAG_LENGTH_MAX))
    return `tags must be at most ${TAGS_MAX}, of 1 to ${TAG_LENGTH_MAX} characters`;
  if (checks.length > CHECKS_MAX || new Set(checks).size < checks.length)
    return `checks must be at most ${CHECKS_MAX} different names`;
  return metaFault(meta);
}

function metaFault(meta: Readonly<Record<string, string>>): string | undefined {
  const entries = Object.entries(meta);
  if (entries.length > META_MAX) return `meta must have at most ${META_MAX} keys`;
  const fits = entries.every(
    ([key, value]) => key.length > 0 && key.length <= META_KEY_LENGTH_MAX && value.length <= META_VALUE_LENGTH_MAX,
  );
  if (!fits)
    return `a key of meta has 1 to ${META_KEY_LENGTH_MAX} characters, its value up to ${META_VALUE_LENGTH_MAX}`;
  return undefined;
}

function isWithin(value: number, min: number): boolean {
  return Number.isInteger(value) && value >= min && value <= NUMBER_MAX;
}

/** The worst of what is known. */
export function statusOf({
  checks,
  isLost,
  isDraining,
}: Pick<Instance, 'checks' | 'isLost' | 'isDraining'>): InstanceStatus {
  if (isLost || checks.some(({ status }) => status === 'critical')) return 'critical';
  if (isDraining) return 'draining';
  return checks.some(({ status }) => status === 'warning') ? 'warning' : 'passing';
}
