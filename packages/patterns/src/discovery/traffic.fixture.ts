import { Instant, type RandomNumber } from '../base/index.ts';
import { type Endpoints, type LoadMetric, NO_SLOT, type Picker } from './index.ts';

export interface TrafficOptions {
  readonly endpoints: Endpoints;
  readonly picker: Picker;
  readonly metric: LoadMetric;
  readonly random: RandomNumber;
  /** How long an endpoint works on a request; undefined: it never answers. */
  readonly serviceMs: (id: string, now: number) => number | undefined;
  /** Requests that an endpoint works on at a time; the others wait there. */
  readonly workers?: number;
  readonly requestsPerSecond: number;
}

interface Request {
  readonly slot: number;
  readonly id: string;
  readonly beganAt: number;
}

/** Poisson arrivals at endpoints with queues. Records where each request went and how long it took. */
export class Traffic {
  readonly #options: TrafficOptions;
  readonly #busy = new Map<string, number>();
  readonly #queues = new Map<string, Request[]>();
  readonly #answers: { readonly at: number; readonly request: Request }[] = [];
  now = 0;
  refused = 0;
  /** By endpoint, when it was asked. */
  readonly asked: Map<string, number[]> = new Map();
  readonly latenciesMs: number[] = [];

  constructor(options: TrafficOptions) {
    this.#options = options;
  }

  run(forMs: number): void {
    const end = this.now + forMs;
    for (;;) {
      const gap = (-Math.log(1 - this.#options.random()) * 1000) / this.#options.requestsPerSecond;
      const next = Math.min(end, this.now + gap);
      this.#answerUntil(next);
      this.now = next;
      if (next === end) return;
      this.#send();
    }
  }

  count(id: string, from = 0, to: number = Number.POSITIVE_INFINITY): number {
    return (this.asked.get(id) ?? []).filter((at) => at >= from && at < to).length;
  }

  percentileMs(share: number): number {
    const sorted = [...this.latenciesMs].sort((a, b) => a - b);
    return sorted[Math.floor(share * (sorted.length - 1))]!;
  }

  #send(): void {
    const { picker, metric, endpoints } = this.#options;
    const now = Instant.of(this.now);
    const slot = picker.pick(now);
    if (slot === NO_SLOT) {
      this.refused += 1;
      return;
    }
    const id = endpoints.idOf(slot);
    metric.begin(slot, now);
    const times = this.asked.get(id);
    if (times === undefined) this.asked.set(id, [this.now]);
    else times.push(this.now);
    this.#accept({ slot, id, beganAt: this.now });
  }

  #accept(request: Request): void {
    const busy = this.#busy.get(request.id) ?? 0;
    if (busy < (this.#options.workers ?? 1)) return this.#work(request);
    const queue = this.#queues.get(request.id);
    if (queue === undefined) this.#queues.set(request.id, [request]);
    else queue.push(request);
  }

  #work(request: Request): void {
    this.#busy.set(request.id, (this.#busy.get(request.id) ?? 0) + 1);
    const serviceMs = this.#options.serviceMs(request.id, this.now);
    if (serviceMs === undefined) return;
    const at = this.now + serviceMs;
    let place = this.#answers.length;
    while (place > 0 && this.#answers[place - 1]!.at < at) place -= 1;
    // The next one is last.
    this.#answers.splice(place, 0, { at, request });
  }

  #answerUntil(until: number): void {
    for (let next = this.#answers.at(-1); next !== undefined && next.at <= until; next = this.#answers.at(-1)) {
      this.#answers.pop();
      this.now = next.at;
      const { slot, id, beganAt } = next.request;
      this.#options.metric.end(slot, Instant.of(beganAt), Instant.of(this.now));
      this.latenciesMs.push(this.now - beganAt);
      this.#busy.set(id, this.#busy.get(id)! - 1);
      const waiting = this.#queues.get(id)?.shift();
      if (waiting !== undefined) this.#work(waiting);
    }
  }
}

/** Endpoints called e0, e1, …, all healthy and long since warm. */
export function populate(endpoints: Endpoints, count: number, of: (i: number) => object = () => ({})): Endpoints {
  for (let i = 0; i < count; i++) endpoints.add({ id: `e${i}`, ...of(i) }, Instant.of(-1e9));
  return endpoints;
}
