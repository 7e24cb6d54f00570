/**
 * An explicit-state model checker: visits every state that a small system can reach, nearest first, and checks each. Holzmann, "The Model Checker
 * SPIN", IEEE TSE 1997, for the idea; the network is that of Lamport's specifications of Paxos in TLA+: a set of messages that only grows.
 * Since a message stays in the set, it may arrive any number of times, at any time, in any order, or never: loss, duplication and
 * reordering need no moves of their own.
 *
 * A system is made of parts. A part is a deterministic machine that reacts to messages and has moves of its own (a crash, a write that reaches
 * the disk, a client's wish). Its states are given small numbers, and each of its steps is computed once, however many states of the system
 * it is part of: that is what makes real kernels cheap enough to explore.
 */

import { InvariantError } from '../../base/index.ts';

export interface Sent<Message> {
  readonly to: number;
  readonly message: Message;
}

export interface Moved<Local, Message> {
  readonly local: Local;
  readonly sent: readonly Sent<Message>[];
}

export interface Machine<Local, Message, Seen> {
  readonly initial: Moved<Local, Message>;
  /** Two states are the same if and only if their keys are. */
  key(local: Local): string;
  receive(local: Local, from: number, message: Message): Moved<Local, Message>;
  /** What it can do by itself, by name. */
  moves(local: Local): readonly { readonly name: string; readonly moved: Moved<Local, Message> }[];
  /** What the checks look at. */
  see(local: Local): Seen;
  /** Whether the message will change nothing from now on, however often it arrives: such messages are forgotten, which makes states alike. */
  spent?(local: Local, message: Message): boolean;
  /** Says what is wrong with a step, if anything, besides an `InvariantError`. */
  checkStep?(before: Local, after: Local): string | undefined;
}

interface Step {
  readonly name: string;
  readonly local: number;
  readonly sent: string;
  readonly wrong: string | undefined;
}

/** A machine with its states numbered. */
export interface Part<Message, Seen> {
  readonly initial: { readonly local: number; readonly sent: readonly Sent<Message>[] };
  receive(local: number, from: number, message: Message): Numbered<Message>;
  moves(local: number): readonly (Numbered<Message> & { readonly name: string })[];
  see(local: number): Seen;
  spent(local: number, message: Message): boolean;
}

interface Numbered<Message> {
  readonly local: number;
  readonly sent: readonly Sent<Message>[];
  readonly wrong: string | undefined;
}

export function part<Local, Message, Seen>(machine: Machine<Local, Message, Seen>): Part<Message, Seen> {
  const numbers = new Map<string, number>();
  const locals: Local[] = [];
  const seen: Seen[] = [];
  const numberOf = (local: Local): number => {
    const key = machine.key(local);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, locals.length);
    seen.push(machine.see(local));
    return locals.push(local) - 1;
  };
  const numbered = (before: Local, { local, sent }: Moved<Local, Message>): Numbered<Message> => ({
    local: numberOf(local),
    sent,
    wrong: machine.checkStep?.(before, local),
  });
  return {
    initial: { local: numberOf(machine.initial.local), sent: machine.initial.sent },
    receive: (local, from, message) => {
      try {
        return numbered(locals[local]!, machine.receive(locals[local]!, from, message));
      } catch (error) {
        if (!(error instanceof InvariantError)) throw error;
        return { local, sent: [], wrong: error.message };
      }
    },
    moves: (local) =>
      machine.moves(locals[local]!).map(({ name, moved }) => ({ name, ...numbered(locals[local]!, moved) })),
    see: (local) => seen[local]!,
    spent: (local, message) => machine.spent?.(locals[local]!, message) ?? false,
  };
}

export interface Envelope<Message> {
  readonly from: number;
  readonly to: number;
  readonly message: Message;
}

export interface System<Message, Seen, Summary> {
  /** By address: messages to others vanish. */
  readonly parts: ReadonlyMap<number, Part<Message, Seen>>;
  /** Messages that `summarize` needs are remembered even when they are spent. */
  isEvidence(message: Message): boolean;
  /** What the checks need to know of what was sent: of all evidence, and of what is not spent. Asked once per set of messages. */
  summarize(messages: readonly Envelope<Message>[]): Summary;
  /** Says what is wrong with a state, if anything. `seen` is in the order of `parts`. */
  check(summary: Summary, seen: readonly Seen[]): string | undefined;
  readonly show: (message: Message) => string;
  /** More is a failure: the system is not as small as it was meant to be. Default 2,000,000. */
  readonly statesMax?: number;
}

export interface Explored {
  readonly states: number;
  /** Steps that led to a state, known or new. */
  readonly steps: number;
  /** How many steps away the farthest state is. */
  readonly depth: number;
  /** What is wrong with the nearest wrong state, and how it is reached; undefined when all is well everywhere. */
  readonly violation: { readonly what: string; readonly trace: readonly string[] } | undefined;
}

/** Visits all states, or those up to the first that is wrong. A state of the system is a string: a unit per part, then one per message. */
export function explore<Message, Seen, Summary>(system: System<Message, Seen, Summary>): Explored {
  return new Exploration(system).run();
}

/** What is known of one part: its steps by local state, and by message received there. */
interface Lookup {
  readonly moves: (readonly Step[] | undefined)[];
  readonly receipts: (Step | 'spent' | undefined)[][];
}

/** Takes steps by their names, as far as they can be taken, and says what is wrong in the end, and where it stopped otherwise. */
export function follow<Message, Seen, Summary>(
  system: System<Message, Seen, Summary>,
  steps: readonly string[],
): { readonly taken: number; readonly wrong: string | undefined } {
  return new Exploration(system).follow(steps);
}

class Exploration<Message, Seen, Summary> {
  readonly #system: System<Message, Seen, Summary>;
  readonly #addresses: readonly number[];
  readonly #parts: readonly Part<Message, Seen>[];
  readonly #lookups: readonly Lookup[];
  readonly #messages: Envelope<Message>[] = [];
  /** Of each message: the place of its receiver, -1 without one, and whether it is evidence. */
  readonly #receivers: number[] = [];
  readonly #evidence: boolean[] = [];
  readonly #messageNumbers = new Map<string, number>();
  readonly #summaries = new Map<string, Summary>();
  readonly #states: string[] = [];
  readonly #cameFrom: number[] = [];
  readonly #cameBy: string[] = [];
  readonly #known = new Set<string>();
  #violation: Explored['violation'];
  #stepCount = 0;

  constructor(system: System<Message, Seen, Summary>) {
    this.#system = system;
    this.#addresses = [...system.parts.keys()];
    this.#parts = [...system.parts.values()];
    this.#lookups = this.#parts.map(() => ({ moves: [], receipts: [] }));
  }

  run(): Explored {
    this.#start();
    for (let at = 0; at < this.#states.length && this.#violation === undefined; at++) this.#leave(at);
    return this.#result();
  }

  /** What was computed of the parts stays. */
  #start(): void {
    for (const list of [this.#states, this.#cameFrom, this.#cameBy]) list.length = 0;
    this.#known.clear();
    this.#violation = undefined;
    const locals = this.#parts.map(({ initial }) => String.fromCharCode(initial.local)).join('');
    const sent = this.#parts.map(({ initial }, at) => this.#send(at, initial.sent)).join('');
    this.#reach(locals, this.#alive(locals, union('', sent)), -1, 'start');
  }

  #result(): Explored {
    return {
      states: this.#states.length,
      steps: this.#stepCount,
      depth: this.#trace(this.#states.length - 1).length - 1,
      violation: this.#violation,
    };
  }

  follow(names: readonly string[]): { readonly taken: number; readonly wrong: string | undefined } {
    this.#start();
    let at = 0;
    for (const [taken, name] of names.entries()) {
      const before = this.#states.length;
      this.#leave(at);
      at = this.#cameBy.indexOf(name, before);
      const wrong = this.#violation;
      if (wrong !== undefined && wrong.trace.at(-1) === name) return { taken: taken + 1, wrong: wrong.what };
      if (at < 0) return { taken, wrong: undefined };
      this.#violation = undefined;
    }
    return { taken: names.length, wrong: undefined };
  }

  /** All steps out of a state. */
  #leave(at: number): void {
    const state = this.#states[at]!;
    const count = this.#parts.length;
    for (let place = 0; place < count; place++)
      for (const step of this.#movesOf(place, state.charCodeAt(place))) this.#take(at, state, place, step);
    for (let i = count; i < state.length; i++) {
      const message = state.charCodeAt(i);
      const place = this.#receivers[message]!;
      if (place < 0) continue;
      const step = this.#receiptOf(place, state.charCodeAt(place), message);
      if (step !== 'spent') this.#take(at, state, place, step);
    }
  }

  #take(from: number, state: string, place: number, step: Step): void {
    if (this.#violation !== undefined) return;
    if (step.wrong !== undefined) {
      this.#fail(step.wrong, [...this.#trace(from), step.name]);
      return;
    }
    const count = this.#parts.length;
    const moved = step.local !== state.charCodeAt(place);
    if (!moved && step.sent === '') return;
    const locals = state.slice(0, place) + String.fromCharCode(step.local) + state.slice(place + 1, count);
    this.#reach(locals, this.#alive(locals, union(state.slice(count), step.sent)), from, step.name);
  }

  #reach(locals: string, sent: string, from: number, by: string): void {
    this.#stepCount += 1;
    const state = locals + sent;
    if (this.#known.has(state)) return;
    this.#known.add(state);
    this.#states.push(state);
    this.#cameFrom.push(from);
    this.#cameBy.push(by);
    if (this.#states.length > (this.#system.statesMax ?? 2_000_000))
      throw new Error(`more than ${this.#states.length - 1} states`);
    const seen = this.#parts.map((each, place) => each.see(locals.charCodeAt(place)));
    const wrong = this.#system.check(this.#summaryOf(sent), seen);
    if (wrong !== undefined) this.#fail(wrong, this.#trace(this.#states.length - 1));
  }

  /** Forgets what is spent. */
  #alive(locals: string, sent: string): string {
    let alive = '';
    for (let i = 0; i < sent.length; i++) {
      const message = sent.charCodeAt(i);
      const place = this.#receivers[message]!;
      const lost = place < 0 || this.#receiptOf(place, locals.charCodeAt(place), message) === 'spent';
      if (!lost || this.#evidence[message]!) alive += sent[i]!;
    }
    return alive;
  }

  #fail(what: string, trace: readonly string[]): void {
    this.#violation = { what, trace };
  }

  #trace(at: number): string[] {
    const trace: string[] = [];
    for (let state = at; state >= 0; state = this.#cameFrom[state]!) trace.push(this.#cameBy[state]!);
    return trace.reverse();
  }

  #movesOf(place: number, local: number): readonly Step[] {
    const { moves } = this.#lookups[place]!;
    moves[local] ??= this.#parts[place]!.moves(local).map(({ name, ...step }) => this.#step(place, name, step));
    return moves[local];
  }

  #receiptOf(place: number, local: number, message: number): Step | 'spent' {
    const { receipts } = this.#lookups[place]!;
    receipts[local] ??= [];
    const known = receipts[local][message];
    if (known !== undefined) return known;
    const { from, message: what } = this.#messages[message]!;
    const receiver = this.#parts[place]!;
    const step = receiver.spent(local, what)
      ? 'spent'
      : this.#step(place, `hears from ${from}: ${this.#system.show(what)}`, receiver.receive(local, from, what));
    receipts[local][message] = step;
    return step;
  }

  #step(place: number, name: string, { local, sent, wrong }: Numbered<Message>): Step {
    return { name: `${this.#addresses[place]} ${name}`, local, sent: this.#send(place, sent), wrong };
  }

  #send(place: number, sent: readonly Sent<Message>[]): string {
    const from = this.#addresses[place]!;
    return sent.map(({ to, message }) => String.fromCharCode(this.#numberOf({ from, to, message }))).join('');
  }

  #numberOf(envelope: Envelope<Message>): number {
    const key = JSON.stringify(envelope);
    const known = this.#messageNumbers.get(key);
    if (known !== undefined) return known;
    this.#messageNumbers.set(key, this.#messages.length);
    this.#receivers.push(this.#addresses.indexOf(envelope.to));
    this.#evidence.push(this.#system.isEvidence(envelope.message));
    return this.#messages.push(envelope) - 1;
  }

  #summaryOf(sent: string): Summary {
    const known = this.#summaries.get(sent);
    if (known !== undefined) return known;
    const envelopes: Envelope<Message>[] = [];
    for (let i = 0; i < sent.length; i++) envelopes.push(this.#messages[sent.charCodeAt(i)]!);
    const summary = this.#system.summarize(envelopes);
    this.#summaries.set(sent, summary);
    return summary;
  }
}

/** Sets of units, as ascending strings. */
function union(sent: string, more: string): string {
  let all = sent;
  for (let i = 0; i < more.length; i++) {
    const unit = more[i]!;
    if (all.includes(unit)) continue;
    let at = 0;
    while (at < all.length && all[at]! < unit) at += 1;
    all = all.slice(0, at) + unit + all.slice(at);
  }
  return all;
}
