/**
 * The endpoints that a balancer chooses from, how many requests each has outstanding, and which may be picked now. An endpoint has a slot, a small
 * integer, as long as it is there; everything measured about it lies in arrays at that place, so that picking allocates nothing.
 *
 *     absent --add--> picked from --remove--> leaving --its last request ends--> absent
 *                      |       ^
 *       ill or ejected v       | well and readmitted, or panic
 *                    set aside-+
 *
 * An endpoint that leaves keeps its slot until its last request has ended, so that the end of a request never counts for a successor. Pure; O(1) but
 * for the change into and out of panic, which is O(endpoints).
 */
import { assert, type Instant } from '../base/index.ts';
import { Candidates } from './candidates.ts';
import { isPanic, PANIC_SHARE_DEFAULT } from './panic-threshold.ts';

export interface Endpoint {
  readonly id: string;
  /** Its capacity, against those of the others. Greater than 0; 1 when absent. */
  readonly weight?: number;
  /** What it shares a network with; those without one share one. */
  readonly zone?: string;
}

export interface EndpointsOptions {
  /** Endpoints, those that are leaving included. Default 1,024. */
  readonly endpointsMax?: number;
  /** Zones that are told apart; those beyond count as no zone. Default 32. */
  readonly zonesMax?: number;
  /** Below this share of healthy ones all are picked from. 0: never. Default 0.5. */
  readonly panicShare?: number;
}

/** Instead of a slot: there is none. */
export const NO_SLOT = -1;

const PRESENT = 1;
const ILL = 2;
const EJECTED = 4;
const LEAVING = 8;

export class Endpoints {
  readonly endpointsMax: number;
  /** Of all zones. */
  readonly candidates: Candidates;
  readonly #panicShare: number;
  readonly #zonesMax: number;
  readonly #ids: (string | undefined)[] = [];
  readonly #zones: string[] = [];
  readonly #slots = new Map<string, number>();
  readonly #byZone = new Map<string, Candidates>();
  readonly #free: number[] = [];
  readonly #flags: Uint8Array;
  readonly #pending: Int32Array;
  readonly #weights: Float64Array;
  readonly #warmSince: Float64Array;
  readonly #generations: Uint32Array;
  #present = 0;
  #healthy = 0;
  #oddWeights = 0;
  #isPanicking = false;

  constructor(options: EndpointsOptions = {}) {
    const { endpointsMax = 1024, zonesMax = 32, panicShare = PANIC_SHARE_DEFAULT } = options;
    assert(Number.isInteger(endpointsMax) && endpointsMax > 0, `endpointsMax must be > 0, not ${endpointsMax}`);
    assert(Number.isInteger(zonesMax) && zonesMax > 0, `zonesMax must be > 0, not ${zonesMax}`);
    assert(panicShare >= 0 && panicShare <= 1, `panicShare must be within 0 and 1, not ${panicShare}`);
    this.endpointsMax = endpointsMax;
    this.#panicShare = panicShare;
    this.#zonesMax = zonesMax;
    this.candidates = new Candidates(endpointsMax);
    this.#flags = new Uint8Array(endpointsMax);
    this.#pending = new Int32Array(endpointsMax);
    this.#weights = new Float64Array(endpointsMax).fill(1);
    this.#warmSince = new Float64Array(endpointsMax);
    this.#generations = new Uint32Array(endpointsMax);
  }

  /** Those that are not leaving. */
  get size(): number {
    return this.#present;
  }

  /** Those that are neither ill nor ejected nor leaving. */
  get healthy(): number {
    return this.#healthy;
  }

  /** So few are healthy that all are picked from. */
  get isPanicking(): boolean {
    return this.#isPanicking;
  }

  /** Whether weights have to be looked at. */
  get isWeighted(): boolean {
    return this.#oddWeights > 0;
  }

  /** Of those that are not leaving; made anew. */
  get ids(): string[] {
    return [...this.#slots].filter(([, slot]) => (this.#flags[slot]! & LEAVING) === 0).map(([id]) => id);
  }

  get zones(): Iterable<string> {
    return this.#byZone.keys();
  }

  /** Of one zone; the same object as long as this one lives. Undefined: no endpoint ever had this zone. */
  candidatesOf(zone: string): Candidates | undefined {
    return this.#byZone.get(zone);
  }

  /** `NO_SLOT` when there is no such endpoint, or when it is leaving. */
  slotOf(id: string): number {
    const slot = this.#slots.get(id);
    return slot === undefined || (this.#flags[slot]! & LEAVING) !== 0 ? NO_SLOT : slot;
  }

  /** Also of one that is leaving. */
  idOf(slot: number): string {
    const id = this.#ids[slot];
    assert(id !== undefined, `slot ${slot} must be taken`);
    return id;
  }

  zoneOf(slot: number): string {
    return this.#zones[slot]!;
  }

  pendingOf(slot: number): number {
    return this.#pending[slot]!;
  }

  weightOf(slot: number): number {
    return this.#weights[slot]!;
  }

  /** Since when it takes requests: since it came, or since it was last ill. */
  warmSince(slot: number): number {
    return this.#warmSince[slot]!;
  }

  /** Differs between all the endpoints that have had this slot. */
  generationOf(slot: number): number {
    return this.#generations[slot]!;
  }

  /** Its slot; `NO_SLOT` when there is no more room. With an id that is there, changes its weight and zone and keeps what is known of it. */
  add(endpoint: Endpoint, now: Instant): number {
    const { id, weight = 1, zone = '' } = endpoint;
    assert(weight > 0 && weight < Number.POSITIVE_INFINITY, `the weight of ${id} must be > 0, not ${weight}`);
    const known = this.#slots.get(id);
    const slot = known ?? this.#free.pop() ?? this.#ids.length;
    if (slot === this.endpointsMax) return NO_SLOT;
    if (known !== undefined) this.#withdraw(slot);
    if (known === undefined || (this.#flags[slot]! & LEAVING) !== 0) {
      this.#flags[slot] = PRESENT;
      this.#warmSince[slot] = now;
      this.#present += 1;
      this.#healthy += 1;
    }
    if (known === undefined) this.#generations[slot] = this.#generations[slot]! + 1;
    this.#slots.set(id, slot);
    this.#ids[slot] = id;
    this.#zones[slot] = this.#knownZone(zone);
    this.#setWeight(slot, weight);
    this.#settle(slot);
    return slot;
  }

  /** Not picked any more. Without effect when there is no such endpoint. */
  remove(id: string): void {
    const slot = this.slotOf(id);
    if (slot === NO_SLOT) return;
    this.#withdraw(slot);
    this.#present -= 1;
    if (this.#isHealthy(slot)) this.#healthy -= 1;
    this.#flags[slot] = PRESENT | LEAVING;
    this.#settle(slot);
    if (this.#pending[slot] === 0) this.#release(slot);
  }

  /** What health checks or the registry say. Who becomes healthy starts slowly again. */
  setHealthy(slot: number, healthy: boolean, now: Instant): void {
    if (healthy && (this.#flags[slot]! & ILL) !== 0) this.#warmSince[slot] = now;
    this.#mark(slot, ILL, !healthy);
  }

  /** What outlier detection says. */
  setEjected(slot: number, ejected: boolean): void {
    this.#mark(slot, EJECTED, ejected);
  }

  /** A request is sent to it. */
  begin(slot: number): void {
    this.#pending[slot] = this.#pending[slot]! + 1;
  }

  /** The request has ended, however it did. Once for each `begin`. */
  end(slot: number): void {
    assert(this.#pending[slot]! > 0, 'only what has begun can end');
    this.#pending[slot] = this.#pending[slot]! - 1;
    if (this.#pending[slot] === 0 && (this.#flags[slot]! & LEAVING) !== 0) this.#release(slot);
  }

  #isHealthy(slot: number): boolean {
    return this.#flags[slot] === PRESENT;
  }

  #mark(slot: number, flag: number, on: boolean): void {
    const before = this.#flags[slot]!;
    const after = on ? before | flag : before & ~flag;
    if ((before & LEAVING) !== 0 || (before & PRESENT) === 0 || after === before) return;
    this.#flags[slot] = after;
    if (before === PRESENT) this.#healthy -= 1;
    if (after === PRESENT) this.#healthy += 1;
    this.#settle(slot);
  }

  /** Puts a slot where it belongs, and all others when panic begins or ends. */
  #settle(slot: number): void {
    const panics = isPanic(this.#healthy, this.#present, this.#panicShare);
    if (panics === this.#isPanicking) return this.#place(slot);
    this.#isPanicking = panics;
    for (let each = 0; each < this.#ids.length; each++) this.#place(each);
  }

  #place(slot: number): void {
    const flags = this.#flags[slot]!;
    const wanted = this.#isPanicking ? (flags & PRESENT) !== 0 && (flags & LEAVING) === 0 : flags === PRESENT;
    if (wanted === this.candidates.has(slot)) return;
    const zone = this.#byZone.get(this.#zones[slot]!)!;
    if (wanted) {
      this.candidates.add(slot);
      zone.add(slot);
    } else {
      this.candidates.remove(slot);
      zone.remove(slot);
    }
  }

  #withdraw(slot: number): void {
    if (!this.candidates.has(slot)) return;
    this.candidates.remove(slot);
    this.#byZone.get(this.#zones[slot]!)!.remove(slot);
  }

  #knownZone(zone: string): string {
    if (this.#byZone.has(zone)) return zone;
    const known = this.#byZone.size < this.#zonesMax ? zone : '';
    if (!this.#byZone.has(known)) this.#byZone.set(known, new Candidates(this.endpointsMax));
    return known;
  }

  #setWeight(slot: number, weight: number): void {
    if (this.#weights[slot] !== 1) this.#oddWeights -= 1;
    if (weight !== 1) this.#oddWeights += 1;
    this.#weights[slot] = weight;
  }

  #release(slot: number): void {
    this.#slots.delete(this.#ids[slot]!);
    this.#ids[slot] = undefined;
    this.#flags[slot] = 0;
    this.#setWeight(slot, 1);
    this.#free.push(slot);
  }
}
