/** A picker for each zone, and `planZoneRouting` to choose among them. */
import { assert, type Instant, type RandomNumber } from '../base/index.ts';
import type { Candidates } from './candidates.ts';
import { type Endpoints, NO_SLOT } from './endpoints.ts';
import type { Picker } from './load-metric.ts';
import { pickZone, planZoneRouting, type ZoneAmounts, type ZonePlan } from './zone-routing.ts';

export interface ZoneAwareOptions {
  readonly endpoints: Endpoints;
  /** The zone of whoever picks. */
  readonly zone: string;
  /** Makes the picker of a zone, or of all. */
  readonly pickerOf: (candidates: Candidates) => Picker;
  /** With fewer endpoints than this, zones are not looked at. Default 6, as in Envoy. */
  readonly endpointsMin?: number;
}

export class ZoneAware implements Picker {
  readonly #random: RandomNumber;
  readonly #options: ZoneAwareOptions;
  readonly #endpointsMin: number;
  readonly #overall: Picker;
  readonly #pickers = new Map<string, Picker>();
  #callers: ZoneAmounts;
  #plan: ZonePlan = { localShare: 1, others: [] };
  #planOf = -1;

  /** Until `callersAre` is told, all callers count as living here. */
  constructor(random: RandomNumber, options: ZoneAwareOptions) {
    const { endpointsMin = 6 } = options;
    assert(endpointsMin >= 1, `endpointsMin must be >= 1, not ${endpointsMin}`);
    this.#random = random;
    this.#options = options;
    this.#endpointsMin = endpointsMin;
    this.#overall = options.pickerOf(options.endpoints.candidates);
    this.#callers = new Map([[options.zone, 1]]);
  }

  /** How many callers like this one live in each zone. */
  callersAre(callers: ZoneAmounts): void {
    this.#callers = new Map(callers);
    this.#planOf = -1;
  }

  /** What is in force. */
  get plan(): ZonePlan {
    const { candidates } = this.#options.endpoints;
    if (this.#planOf !== candidates.version) {
      this.#plan = planZoneRouting(this.#options.zone, this.#callers, this.#capacities());
      this.#planOf = candidates.version;
    }
    return this.#plan;
  }

  /** In panic, or with few endpoints, as if there were no zones: there is no capacity to weigh up. */
  pick(now: Instant): number {
    const { endpoints, zone } = this.#options;
    if (endpoints.isPanicking || endpoints.candidates.size < this.#endpointsMin) return this.#overall.pick(now);
    const { plan } = this;
    return this.#pickerIn(plan.localShare === 1 ? zone : pickZone(plan, zone, this.#random())).pick(now);
  }

  #pickerIn(zone: string): Picker {
    let picker = this.#pickers.get(zone);
    if (picker === undefined) {
      const candidates = this.#options.endpoints.candidatesOf(zone);
      if (candidates === undefined) return NOBODY;
      picker = this.#options.pickerOf(candidates);
      this.#pickers.set(zone, picker);
    }
    return picker;
  }

  #capacities(): ZoneAmounts {
    const { endpoints } = this.#options;
    const capacities = new Map<string, number>();
    for (let place = 0; place < endpoints.candidates.size; place++) {
      const slot = endpoints.candidates.at(place);
      const zone = endpoints.zoneOf(slot);
      capacities.set(zone, (capacities.get(zone) ?? 0) + endpoints.weightOf(slot));
    }
    return capacities;
  }
}

const NOBODY: Picker = { pick: () => NO_SLOT };
