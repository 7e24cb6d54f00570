import { Instant, type RandomNumber } from '../base/index.ts';

/** A machine in a simulated world: `step` gets a message or `undefined` for a tick and gives back what it sends. */
export interface Station<Message> {
  readonly deadline: Instant | undefined;
  step(
    from: string | undefined,
    message: Message | undefined,
    now: Instant,
  ): readonly { readonly to: string; readonly message: Message }[];
}

interface Event<Message> {
  readonly at: number;
  readonly order: number;
  readonly to: string;
  readonly from: string | undefined;
  readonly message: Message | undefined;
}

export interface WorldOptions {
  readonly random: RandomNumber;
  readonly latencyMs?: (from: string, to: string) => number | undefined;
  readonly lost?: (from: string, to: string) => boolean;
}

/** A network and a clock for some machines; the same seed gives the same run. Messages to a stalled machine wait, and are read after its late timer. */
export class World<Message> {
  readonly stations = new Map<string, Station<Message>>();
  readonly #options: WorldOptions;
  readonly #armed = new Map<string, number>();
  readonly #down = new Set<string>();
  readonly #stalledUntil = new Map<string, number>();
  readonly #heap: Event<Message>[] = [];
  #order = 0;
  now = 0;
  sent = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
  }

  add(name: string, station: Station<Message>): void {
    this.stations.set(name, station);
    this.#arm(name);
  }

  crash(name: string): void {
    this.#down.add(name);
  }

  /** Back in the world, as the machine that `add` gives it next, or as it was. */
  revive(name: string): void {
    this.#down.delete(name);
    this.#armed.delete(name);
    this.#arm(name);
  }

  /** Blocks the event loop of a machine until then. */
  stall(name: string, until: number): void {
    this.#stalledUntil.set(name, until);
  }

  deliver(from: string, sends: readonly { readonly to: string; readonly message: Message }[]): void {
    for (const { to, message } of sends) {
      this.sent += 1;
      if (this.#options.lost?.(from, to)) continue;
      const latency = this.#options.latencyMs?.(from, to) ?? 1 + this.#options.random() * 9;
      this.#push({ at: this.now + latency, order: 0, to, from, message });
    }
    this.#arm(from);
  }

  /** Runs until then, or until `done` says so after an event. */
  run(until: number, done?: () => boolean): void {
    while (this.#heap.length > 0 && this.#heap[0]!.at <= until) {
      const event = this.#pop();
      this.now = Math.max(this.now, event.at);
      this.#handle(event);
      if (done?.()) return;
    }
    this.now = Math.max(this.now, until);
  }

  #handle(event: Event<Message>): void {
    const { to, from, message } = event;
    if (message === undefined && this.#armed.get(to) === event.at) this.#armed.delete(to);
    const station = this.stations.get(to);
    if (station === undefined || this.#down.has(to)) return;
    const until = this.#stalledUntil.get(to) ?? 0;
    if (this.now < until) return this.#push({ ...event, at: until, order: message === undefined ? 0 : 1e9 });
    if (message === undefined && (station.deadline === undefined || station.deadline > this.now)) return this.#arm(to);
    this.deliver(to, station.step(from, message, Instant.of(this.now)));
  }

  #arm(name: string): void {
    const deadline = this.stations.get(name)?.deadline;
    if (deadline === undefined) return;
    const at = Math.max(this.now, deadline);
    const armed = this.#armed.get(name);
    if (armed !== undefined && armed <= at) return;
    this.#armed.set(name, at);
    this.#push({ at, order: 0, to: name, from: undefined, message: undefined });
  }

  #before(a: Event<Message>, b: Event<Message>): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #push(event: Event<Message>): void {
    this.#order += 1;
    const heap = this.#heap;
    const entry = { ...event, order: event.order + this.#order };
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): Event<Message> {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && this.#before(heap[child + 1]!, heap[child]!)) child += 1;
      if (!this.#before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
