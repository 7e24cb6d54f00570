/**
 * Replicas of a log in a simulated world: disks that lag, lose what was not flushed, and sometimes burn; a network that loses, delays, doubles, reorders and splits; a core
 * that gives out generations and decides about the in-sync set; and somebody who runs failovers at the worst of times.
 */
import { Instant, type RandomNumber, randomBelow } from '../base/index.ts';
import { Failover, type FailoverEffect } from './failover.ts';
import type { InSync, LogEffect, LogInput, LogMessage, LogPosition, LogReplicaOptions } from './index.ts';
import { LogReplica, type ReplicationMode } from './index.ts';
import { LogCopy } from './log-copy.fixture.ts';
import { LogInvariants, Violation } from './log-invariants.fixture.ts';

/** A deliberate bug in the world around the kernel, or in what it is told. */
export type Cheat =
  | 'truncate-to-mark'
  | 'position-without-promise'
  | 'persisted-before-disk'
  | 'acknowledge-on-append'
  | 'too-few-answers'
  | 'longest-log'
  | 'count-unsynced'
  | 'show-everything'
  | 'mark-as-last-told'
  | 'lead-twice'
  | 'hide-divergence'
  | 'never-held'
  | 'believe-any-leader'
  | 'abandon-quietly';

type Letter =
  | { readonly kind: 'input'; readonly to: string; readonly input: LogInput; readonly values: readonly number[] }
  | { readonly kind: 'coordinator'; readonly generation: number; readonly from: string; readonly message: LogMessage };

interface Write {
  readonly ticket: number;
  readonly apply: (disk: Disk) => void;
}

interface Disk {
  generation: number;
  synced: number;
  log: LogCopy;
  mark: number;
}

export class Machine {
  readonly name: string;
  readonly disk: Disk = { generation: 0, synced: 0, log: new LogCopy(), mark: 0 };
  up = false;
  burnt = false;
  run = 0;
  replica!: LogReplica;
  log: LogCopy = new LogCopy();
  lastTicket = 0;
  writes: Write[] = [];
  durable = 0;
  outbox: { readonly after: number; readonly letter: Letter }[] = [];
  lastTold = 0;

  constructor(name: string) {
    this.name = name;
  }
}

export class LogCluster {
  readonly machines: readonly Machine[];
  readonly invariants: LogInvariants;
  readonly core: { generation: number; leader: string | undefined; inSync: InSync };
  /** By the id that `append` returned. */
  readonly acknowledgements = new Map<number, LogPosition>();
  lostCount = 0;
  failoverCount = 0;
  now = 0;
  readonly #mode: ReplicationMode;
  readonly #options: Partial<LogReplicaOptions>;
  readonly #random: RandomNumber;
  readonly #cheat: Cheat | undefined;
  readonly #lossAfterMs: number | undefined;
  readonly #mayLose: boolean;
  readonly #mail: Extract<Letter, { kind: 'input' }>[] = [];
  /** Who runs failovers is far away. */
  readonly #farMail: Extract<Letter, { kind: 'coordinator' }>[] = [];
  readonly #cut = new Set<string>();
  /** Who was said, at some time, to be too far behind. */
  readonly #abandoned = new Set<string>();
  readonly #appends = new Map<number, number[]>();
  #failover: { readonly generation: number; readonly kernel: Failover } | undefined;
  #nextId = 1;
  #calm = false;

  constructor(options: {
    readonly mode: ReplicationMode;
    readonly replicas: number;
    readonly random: RandomNumber;
    readonly cheat?: Cheat;
    readonly lossAfterMs?: number;
    readonly replica?: Partial<LogReplicaOptions>;
  }) {
    this.#mode = options.mode;
    this.#random = options.random;
    this.#cheat = options.cheat;
    this.#lossAfterMs = options.lossAfterMs;
    this.#options = options.replica ?? {};
    this.machines = ['a', 'b', 'c', 'd', 'e'].slice(0, options.replicas).map((name) => new Machine(name));
    this.core = { generation: 0, leader: undefined, inSync: { version: 1, members: this.#names } };
    this.#mayLose = options.mode.kind === 'asynchronous' || options.lossAfterMs !== undefined;
    this.invariants = new LogInvariants(this.#mayLose);
    for (const machine of this.machines) this.start(machine);
  }

  get #names(): string[] {
    return this.machines.map(({ name }) => name);
  }

  machine(name: string): Machine {
    return this.machines.find((one) => one.name === name)!;
  }

  get leader(): Machine | undefined {
    return this.machines.find(({ up, name }) => up && name === this.core.leader && this.#leads(this.machine(name)));
  }

  #leads({ replica }: Machine): boolean {
    return replica.status.role === 'leader' && replica.status.generation === this.core.generation;
  }

  start(machine: Machine): void {
    if (machine.up || machine.burnt) return;
    const { disk } = machine;
    if (this.#cheat === 'truncate-to-mark') disk.log.truncate(disk.mark);
    machine.up = true;
    machine.run += 1;
    machine.log = disk.log.copy();
    machine.lastTicket = 0;
    machine.writes = [];
    machine.outbox = [];
    machine.durable = 0;
    machine.lastTold = 0;
    const synced = this.#cheat === 'lead-twice' ? Math.max(0, disk.synced - 1) : disk.synced;
    const { generation, mark: highWaterMark } = disk;
    const { starts, start, end } = disk.log;
    machine.replica = new LogReplica(
      {
        self: machine.name,
        mode: this.#mode,
        batchMax: 3,
        appendTimeoutMs: 400,
        waitMaxMs: 50,
        fetchTimeoutMs: 120,
        lagMaxMs: 300,
        writesMax: 3,
        ...this.#options,
      },
      { generation, synced, starts, start, end, highWaterMark },
    );
    this.refresh(machine);
  }

  crash(machine: Machine): void {
    machine.up = false;
  }

  /** Never comes back, nor does its disk. */
  burn(machine: Machine): void {
    machine.up = false;
    machine.burnt = true;
  }

  /** The core's word on who leads. */
  refresh({ name }: Machine): void {
    const { generation, leader, inSync } = this.core;
    if (leader === undefined) return;
    const input: LogInput =
      leader === name
        ? { kind: 'lead', generation, replicas: this.#names, inSync }
        : { kind: 'follow', generation, leader };
    this.#mail.push({ kind: 'input', to: name, input, values: [] });
  }

  append(machine: Machine, count = 1): number {
    const id = this.#nextId;
    this.#nextId += 10;
    const values = Array.from({ length: count }, (_, i) => id + i);
    this.#appends.set(id, values);
    const { end, role } = machine.replica.status;
    if (this.#cheat === 'acknowledge-on-append' && role === 'leader') this.#acknowledge(end, values);
    this.feed(machine, { kind: 'append', id, count }, values);
    return id;
  }

  failOver(lossAfterMs: number | undefined = this.#lossAfterMs): void {
    this.failoverCount += 1;
    this.core.generation += 1;
    this.core.leader = undefined;
    const { generation, inSync } = this.core;
    const mode: ReplicationMode =
      this.#cheat === 'too-few-answers'
        ? { kind: 'semi-synchronous', followers: this.machines.length - 1 }
        : this.#mode;
    const options = { generation, mode, replicas: this.#names, inSync: inSync.members, gatherMs: 40, retryMs: 60 };
    const kernel = new Failover(lossAfterMs === undefined ? options : { ...options, lossAfterMs });
    this.#failover = { generation, kernel };
    this.#stepFailover((out) => kernel.step({ kind: 'start' }, Instant.of(this.now), out));
  }

  cut(a: string, b: string): void {
    this.#cut.add(`${a}${b}`);
  }

  mend(): void {
    this.#cut.clear();
  }

  feed(machine: Machine, input: LogInput, values: readonly number[] = []): void {
    if (!machine.up) return;
    if (this.#cheat === 'position-without-promise' && input.kind === 'message' && input.message.kind === 'fence') {
      const { generation } = input.message;
      const position: LogMessage = {
        kind: 'position',
        generation,
        synced: machine.disk.synced,
        end: machine.disk.log.end,
      };
      this.#farMail.push({ kind: 'coordinator', generation, from: machine.name, message: position });
      return;
    }
    if (input.kind === 'message' && input.message.kind === 'records') machine.lastTold = input.message.mark;
    const out: LogEffect[] = [];
    machine.replica.step(input, Instant.of(this.now), out);
    if (input.kind === 'dropped') {
      machine.log.drop(input.start);
      machine.writes.push({ ticket: machine.lastTicket, apply: ({ log }) => log.drop(input.start) });
    }
    for (const effect of out) this.#run(machine, effect, values);
    this.#observe(machine);
    if (this.#cheat !== 'persisted-before-disk') return;
    const ticket = machine.writes[machine.writes.length - 1]?.ticket ?? 0;
    if (ticket <= machine.durable) return;
    machine.durable = ticket;
    this.feed(machine, { kind: 'persisted', ticket });
  }

  /** One disk write of the machine is done. */
  flush(machine: Machine): boolean {
    const write = machine.writes.shift();
    if (!machine.up || write === undefined) return false;
    write.apply(machine.disk);
    machine.durable = Math.max(machine.durable, write.ticket);
    const ready = machine.outbox.filter(({ after }) => after <= machine.durable);
    machine.outbox = machine.outbox.filter(({ after }) => after > machine.durable);
    for (const { letter } of ready) this.#post(letter);
    if (this.#cheat !== 'persisted-before-disk') this.feed(machine, { kind: 'persisted', ticket: write.ticket });
    return true;
  }

  deliver(index = 0): boolean {
    const [letter] = this.#mail.splice(index, 1);
    if (letter === undefined) return false;
    this.feed(this.machine(letter.to), letter.input, letter.values);
    return true;
  }

  /** One of the first few letters: they overtake each other. */
  deliverAny(): boolean {
    return this.deliver(randomBelow(this.#random, Math.max(1, Math.min(6, this.#mail.length))));
  }

  deliverFar(): boolean {
    const letter = this.#farMail.shift();
    if (letter === undefined || letter.generation !== this.#failover?.generation) return letter !== undefined;
    const { from, message } = letter;
    const { kernel } = this.#failover;
    this.#stepFailover((out) => kernel.step({ kind: 'message', from, message }, Instant.of(this.now), out));
    return true;
  }

  tick(): void {
    for (const machine of this.machines)
      if (machine.up && (machine.replica.deadline ?? Number.POSITIVE_INFINITY) <= this.now)
        this.feed(machine, { kind: 'tick' });
    const kernel = this.#failover?.kernel;
    if ((kernel?.deadline ?? Number.POSITIVE_INFINITY) <= this.now)
      this.#stepFailover((out) => kernel?.step({ kind: 'tick' }, Instant.of(this.now), out));
  }

  /** All is well again: everybody who can comes back, and works on until the logs are the same, and once more. */
  settle(): void {
    this.#calm = true;
    this.mend();
    for (const machine of this.machines) this.start(machine);
    let appended = false;
    for (let round = 0; round < 400; round++) {
      this.now += 10;
      if (round % 40 === 0 && this.leader === undefined) this.failOver();
      for (const machine of this.machines) if (machine.replica.status.role === 'fenced') this.refresh(machine);
      this.work();
      while (this.deliverFar());
      this.tick();
      if (!this.#isEqual()) continue;
      if (appended) return;
      appended = true;
      this.append(this.leader!);
    }
  }

  /** Delivers and writes all there is, as far as it comes to an end. Who runs failovers hears nothing. */
  work(): void {
    for (let busy = true, events = 0; busy && events < 200; events++) {
      busy = this.deliver();
      for (const machine of this.machines) busy = this.flush(machine) || busy;
    }
  }

  /** All letters to that machine are lost. */
  lose(name: string): void {
    const kept = this.#mail.filter(({ to }) => to !== name);
    this.#mail.splice(0, this.#mail.length, ...kept);
  }

  #isEqual(): boolean {
    const end = this.leader?.replica.status.end;
    const alive = this.machines.filter(({ burnt }) => !burnt).map(({ replica }) => replica.status);
    return alive.every((status) => status.end === end && status.highWaterMark === end);
  }

  #observe(machine: Machine): void {
    const { name, run } = machine;
    const { records } = machine.log;
    const { generation, role, highWaterMark, end, start, freshAsOf } = machine.replica.status;
    let mark = this.#cheat === 'show-everything' ? end : highWaterMark;
    if (this.#cheat === 'mark-as-last-told' && role === 'follower') mark = Math.min(machine.lastTold, end);
    // A leader that crashes before its leadership is on disk has told nobody of it, and may begin again.
    const isLeader = role === 'leader' && machine.disk.synced === generation;
    if (role === 'leader' && !isLeader) return;
    if (end !== machine.log.end || start !== machine.log.start)
      throw new Violation('driver', `${name} has ${machine.log.start} to ${machine.log.end}, not ${start} to ${end}`);
    this.invariants.observe({
      name,
      run,
      generation,
      isLeader,
      highWaterMark: mark,
      freshAsOf,
      start,
      records,
    });
  }

  #run(machine: Machine, effect: LogEffect, values: readonly number[]): void {
    switch (effect.kind) {
      case 'persist':
        return this.#persist(machine, effect, values);
      case 'send':
        return this.#send(machine, effect);
      case 'acknowledged':
        this.acknowledgements.set(effect.id, effect.position);
        return this.#acknowledge(effect.first, this.#appends.get(effect.id)!);
      case 'lost':
        this.lostCount += effect.to - effect.from;
        if (this.#mayLose) return;
        throw new Violation('acknowledged', `${machine.name} lost ${effect.from} to ${effect.to}`);
      case 'high-water-mark':
        if (effect.after <= machine.durable && randomBelow(this.#random, 3) > 0) machine.disk.mark = effect.index;
        return;
      case 'propose-in-sync':
        return this.#propose(machine, effect);
      case 'role':
        if (effect.role === 'leader') this.lostCount += this.invariants.lacking(this.#view(machine));
        return;
      case 'refused':
      case 'unknown':
        return;
      case 'abandoned':
        if (this.#cheat !== 'abandon-quietly') this.#abandoned.add(effect.replica);
        return;
      case 'low-water-mark':
        this.#mail.push({
          kind: 'input',
          to: machine.name,
          input: { kind: 'dropped', start: effect.index },
          values: [],
        });
        return;
    }
  }

  #view({ name, run, log, replica }: Machine) {
    const { generation, highWaterMark, start } = replica.status;
    return { name, run, generation, isLeader: true, highWaterMark, freshAsOf: undefined, start, records: log.records };
  }

  /** At the end: everybody alive has everything. */
  checkEqual(): void {
    for (const machine of this.machines.filter(({ burnt }) => !burnt)) {
      this.invariants.lacking(this.#view(machine));
      const { end, highWaterMark } = machine.replica.status;
      if (highWaterMark !== end) throw new Violation('live', `${machine.name} shows ${highWaterMark} of ${end}`);
      if (end !== this.leader?.replica.status.end) throw new Violation('live', `${machine.name} ends at ${end}`);
    }
  }

  #acknowledge(first: number, values: readonly number[]): void {
    for (const [at, value] of values.entries()) this.invariants.acknowledged(first + at, value, this.now);
  }

  #persist(machine: Machine, effect: LogEffect & { readonly kind: 'persist' }, values: readonly number[]): void {
    const { ticket, generation, synced, records } = effect;
    const added = values
      .slice(0, records?.count ?? 0)
      .map((value) => ({ generation: records?.generation ?? 0, value }));
    const { restartAt } = effect;
    if (!this.#mayLose && (restartAt ?? 0) > machine.log.end && !this.#abandoned.has(machine.name))
      throw new Violation('named', `${machine.name} at ${machine.log.end} is cut off up to ${restartAt}, untold`);
    machine.log.change(effect, added);
    machine.lastTicket = ticket;
    const apply = (disk: Disk): void => {
      disk.log.change(effect, added);
      disk.generation = generation;
      disk.synced = synced;
      disk.mark = Math.min(disk.mark, disk.log.end);
    };
    machine.writes.push({ ticket, apply });
  }

  #send(machine: Machine, { to, message, after }: LogEffect & { readonly kind: 'send' }): void {
    if (this.#cut.has(`${machine.name}${to}`) || (!this.#calm && randomBelow(this.#random, 12) === 0)) return;
    const letter = this.#letter(machine, to, this.#altered(message));
    if (after > machine.durable) machine.outbox.push({ after, letter });
    else this.#post(letter);
  }

  #altered(message: LogMessage): LogMessage {
    if (this.#cheat === 'longest-log' && message.kind === 'position') return { ...message, synced: 0 };
    if (this.#cheat === 'count-unsynced' && message.kind === 'fetch') return { ...message, held: message.from };
    if (this.#cheat === 'hide-divergence' && message.kind === 'fetch')
      return { ...message, latest: message.generation };
    if (this.#cheat === 'never-held' && message.kind === 'fetch') return { ...message, held: undefined };
    if (this.#cheat === 'believe-any-leader' && message.kind === 'records') return { ...message, confirmedAgoMs: 0 };
    if (this.#cheat === 'never-held' && message.kind === 'held') return { ...message, end: 0 };
    return message;
  }

  #letter(machine: Machine, to: string, message: LogMessage): Letter {
    if (to === 'coordinator')
      return { kind: 'coordinator', generation: message.generation, from: machine.name, message };
    const { from, count } = message.kind === 'records' ? message : { from: 0, count: 0 };
    const values = machine.log.values(from, count);
    return { kind: 'input', to, input: { kind: 'message', from: machine.name, message }, values };
  }

  #post(letter: Letter): void {
    if (letter.kind === 'coordinator') this.#farMail.push(letter);
    else this.#mail.push(letter);
    if (!this.#calm && letter.kind === 'input' && randomBelow(this.#random, 20) === 0) this.#mail.push(letter);
  }

  /** The core: decides if the version fits and nobody has begun to replace the one who asks. */
  #propose(
    { name }: Machine,
    { generation, version, members }: LogEffect & { readonly kind: 'propose-in-sync' },
  ): void {
    if (!this.#calm && randomBelow(this.#random, 5) === 0) return;
    const { core } = this;
    if (generation === core.generation && version === core.inSync.version + 1) core.inSync = { version, members };
    if (!this.#calm && randomBelow(this.#random, 5) === 0) return;
    this.#mail.push({ kind: 'input', to: name, input: { kind: 'in-sync', inSync: core.inSync }, values: [] });
  }

  #stepFailover(step: (out: FailoverEffect[]) => void): void {
    const out: FailoverEffect[] = [];
    step(out);
    for (const effect of out) {
      if (effect.kind === 'send') {
        if (!this.#calm && randomBelow(this.#random, 6) === 0) continue;
        const input: LogInput = { kind: 'message', from: 'coordinator', message: effect.message };
        this.#mail.push({ kind: 'input', to: effect.to, input, values: [] });
      } else if (effect.kind === 'chosen' && effect.generation === this.core.generation) {
        this.core.leader = effect.leader;
        for (const machine of this.machines) this.refresh(machine);
      }
    }
  }
}
