/**
 * Leases on the leader: how long each still has, who may renew it, and the revocation of those that have run out.
 *
 * A leader may be deposed without knowing. So that it never extends a lease that its successor is about to let expire, a keep-alive is answered
 * only after a read barrier: a majority confirmed, after the request had come, that this node still led. A new leader writes
 * `lease-epoch` before it times anything, and gives every lease its full time from then on: what its predecessor may have promised lies before.
 */
import type { Env } from '@quorate/env';
import { type ByteReader, ByteWriter, bytesFromBinary, Instant } from '@quorate/patterns/base';
import { LeaseTable, type LeaseTableEffect, type LeaseTableInput } from '@quorate/patterns/leases';
import { compareBytes } from '../../client/keys.ts';
import { encodeCommand, readLeaseStatus, writeLeaseStatus } from '../codec/index.ts';
import type { CallOptions, LeaseStatus } from '../core.ts';
import type { CoreError } from '../errors.ts';
import type { CoreMachine } from '../machine/index.ts';
import type { LeaseListener } from '../machine/lease-book.ts';
import { coreError } from '../messages.ts';
import { DEFAULT_TIMEOUT_MS, type LeaderCalls } from './leader-calls.ts';
import { type LeaderLine, LeaderQuestion } from './leader-line.ts';
import type { LeaderView } from './leader-view.ts';
import type { ReadQueue } from './read-queue.ts';
import type { WriteQueue, WriteSink } from './write-queue.ts';

export interface LeaseKeepingParts {
  readonly env: Pick<Env, 'clock' | 'timers'>;
  readonly machine: CoreMachine;
  readonly view: LeaderView;
  readonly writes: WriteQueue;
  readonly reads: ReadQueue;
  readonly line: LeaderLine;
  readonly calls: LeaderCalls;
  /** How long a deposed leader can go on without knowing: its election timeout. */
  readonly extendMs: number;
}

/** `ttlSeconds` is 0 when there is no such lease. */
export type KeptAlive = (error: CoreError | undefined, ttlSeconds: number, revision: number) => void;

/** After this long without an outcome, taking the leases over is tried again. */
const RETRY_MS = 500;
/** Renewals that wait for the take-over; more are refused with `too-many-requests`. */
const EARLY_RENEWALS_MAX = 65_536;
/** A revocation has no answer that anybody waits for: the state machine's telling that the lease is gone is what counts. */
const IGNORE: WriteSink = { written: () => {}, refused: () => {} };

export class LeaseKeeping implements LeaseListener, Disposable {
  readonly #parts: LeaseKeepingParts;
  readonly #table: LeaseTable = new LeaseTable();
  readonly #effects: LeaseTableEffect[] = [];
  readonly #subscription: Disposable;
  #timer: Disposable | undefined;
  #timerAt: Instant | undefined;
  #retry: Disposable | undefined;
  /** A `lease-epoch` of this node is on its way. */
  #takingOver = false;
  /** Renewals that came before the take-over was through: until then a late revocation of the predecessor may still count. */
  #early: { readonly id: number; readonly done: KeptAlive }[] = [];

  constructor(parts: LeaseKeepingParts) {
    this.#parts = parts;
    this.#subscription = parts.view.onChange(() => this.#leaderChanged());
    this.#respond();
    this.#leaderChanged();
  }

  // --- Taking over

  #leaderChanged(): void {
    const { view } = this.#parts;
    if (view.leads && view.term === this.#table.term) return;
    if (this.#table.term !== undefined) this.#step({ kind: 'demote' });
    this.#answerEarly((done) => done(coreError('not-leader'), 0, 0));
    if (view.leads) this.#takeOver();
  }

  #answerEarly(answer: (done: KeptAlive, id: number) => void): void {
    const early = this.#early;
    this.#early = [];
    for (const { id, done } of early) answer(done, id);
  }

  #takeOver(): void {
    const { view, writes } = this.#parts;
    if (!view.leads || this.#table.term === view.term || this.#takingOver) return;
    const { term } = view;
    this.#takingOver = true;
    const over = (raised: boolean): void => {
      this.#takingOver = false;
      if (raised && view.leads && view.term === term) this.#tookOver(term);
      else this.#takeOverLater();
    };
    const sink: WriteSink = { written: () => over(true), refused: () => over(false) };
    if (writes.add(encodeCommand({ kind: 'lease-epoch', term }), sink, 0) !== undefined) over(false);
  }

  #takeOverLater(): void {
    const { view, env } = this.#parts;
    if (!view.leads || this.#retry !== undefined) return;
    this.#retry = env.timers.at(Instant.add(env.clock.monotonic(), RETRY_MS), () => {
      this.#retry = undefined;
      this.#takeOver();
    });
  }

  #tookOver(term: number): void {
    const { machine, extendMs } = this.#parts;
    const leases = Array.from(machine.leases, ({ id, ttlSeconds }) => ({ id, ttlMs: ttlSeconds * 1000 }));
    this.#step({ kind: 'promote', term, leases, extendMs });
    this.#answerEarly((done, id) => this.#renew(id, done));
  }

  // --- From the state machine, as it applies

  granted(id: number, ttlSeconds: number): void {
    this.#step({ kind: 'granted', id, ttlMs: ttlSeconds * 1000 });
  }

  revoked(id: number): void {
    this.#step({ kind: 'revoked', id });
  }

  // --- Time

  #step(input: LeaseTableInput): void {
    const now = this.#parts.env.clock.monotonic();
    this.#table.step(input, now, this.#effects);
    for (const effect of this.#effects.splice(0)) if (effect.kind === 'expire') this.#expire(effect.id, effect.term);
    this.#arm();
  }

  #arm(): void {
    const { deadline } = this.#table;
    if (deadline === undefined || (this.#timerAt !== undefined && this.#timerAt <= deadline)) return;
    this.#timer?.[Symbol.dispose]();
    this.#timerAt = deadline;
    this.#timer = this.#parts.env.timers.at(deadline, () => {
      this.#timerAt = undefined;
      this.#step({ kind: 'tick' });
    });
  }

  /** The table asks again for what is not gone after a while, so that a refusal needs no care here. */
  #expire(id: number, leaderTerm: number): void {
    this.#parts.writes.add(encodeCommand({ kind: 'lease-revoke', id, leaderTerm }), IGNORE, 0);
  }

  // --- Renewal

  /** `done` is called once, perhaps inside this call. */
  keepAlive(id: number, done: KeptAlive): void {
    if (this.#parts.view.leads) this.#renew(id, done);
    else {
      this.#parts.line.ask(LeaderQuestion.keepAlive, encodeId(id), DEFAULT_TIMEOUT_MS, (error, answer) => {
        if (answer === undefined) done(error, 0, 0);
        else done(undefined, answer.uint(), answer.uint());
      });
    }
  }

  keepAliveCall(
    id: number,
    options: CallOptions | undefined,
  ): Promise<{ readonly ttlSeconds: number; readonly revision: number }> {
    const decode = (answer: ByteReader): { ttlSeconds: number; revision: number } => ({
      ttlSeconds: answer.uint(),
      revision: answer.uint(),
    });
    const call = { what: 'keep a lease alive', question: LeaderQuestion.keepAlive, body: encodeId(id), decode };
    return this.#parts.calls.call({ ...call, inDoubt: 'not-applied' }, options);
  }

  #renew(id: number, done: KeptAlive): void {
    this.#whileLeading(done, (now) => {
      const { machine } = this.#parts;
      const lease = machine.lease(id);
      if (lease === undefined) return done(undefined, 0, machine.revision);
      const renewed: LeaseTableEffect[] = [];
      this.#table.step({ kind: 'renew', id }, now, renewed);
      const [effect] = renewed;
      if (effect?.kind === 'refused' && effect.why === 'demoted') return this.#renewLater(id, done);
      done(undefined, effect?.kind === 'renewed' ? lease.ttlSeconds : 0, machine.revision);
    });
  }

  #renewLater(id: number, done: KeptAlive): void {
    if (this.#early.length >= EARLY_RENEWALS_MAX) done(coreError('too-many-requests'), 0, 0);
    else this.#early.push({ id, done });
  }

  statusCall(id: number, options: (CallOptions & { keys?: boolean }) | undefined): Promise<LeaseStatus> {
    const writer = new ByteWriter(16);
    writer.uint(id);
    writer.boolean(options?.keys ?? false);
    const call = { what: 'lease status', question: LeaderQuestion.leaseStatus, body: writer.take() };
    return this.#parts.calls.call({ ...call, decode: readLeaseStatus, inDoubt: 'not-applied' }, options);
  }

  #statusOf(id: number, keys: boolean, now: Instant): LeaseStatus {
    const lease = this.#parts.machine.lease(id);
    if (lease === undefined) return { id, grantedSeconds: 0, remainingSeconds: -1, keys: [] };
    const { ttlSeconds } = lease;
    const remainingMs = this.#table.remainingMs(id, now);
    const remaining = remainingMs === undefined ? ttlSeconds : Math.ceil(remainingMs / 1000);
    const attached = keys ? [...lease.keys].map((cell) => bytesFromBinary(cell.key)).sort(compareBytes) : [];
    return { id, grantedSeconds: ttlSeconds, remainingSeconds: Math.min(ttlSeconds, remaining), keys: attached };
  }

  /** Calls `then` once it is certain that this node led when this was called, and still does. */
  #whileLeading(
    done: (error: CoreError, ttlSeconds: number, revision: number) => void,
    then: (now: Instant) => void,
  ): void {
    const { view, reads, env } = this.#parts;
    const { term } = view;
    const refused = reads.add({
      ready: (error) => {
        if (error !== undefined) done(error, 0, 0);
        // A barrier succeeds on a follower too: what counts is that this node has led all the while.
        else if (!view.leads || view.term !== term) done(coreError('not-leader'), 0, 0);
        else then(env.clock.monotonic());
      },
    });
    if (refused !== undefined) done(refused, 0, 0);
  }

  #respond(): void {
    const { line } = this.#parts;
    line.respond(LeaderQuestion.keepAlive, (body, reply) => {
      this.#renew(body.uint(), (error, ttlSeconds, revision) => {
        if (error !== undefined) return reply(error);
        const writer = new ByteWriter(16);
        writer.uint(ttlSeconds);
        writer.uint(revision);
        reply(writer.take());
      });
    });
    line.respond(LeaderQuestion.leaseStatus, (body, reply) => {
      const id = body.uint();
      const keys = body.boolean();
      this.#whileLeading(reply, (now) => {
        const writer = new ByteWriter(64);
        writeLeaseStatus(writer, this.#statusOf(id, keys, now));
        reply(writer.take());
      });
    });
  }

  [Symbol.dispose](): void {
    this.#answerEarly((done) => done(coreError('stopped'), 0, 0));
    this.#subscription[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
    this.#retry?.[Symbol.dispose]();
  }
}

function encodeId(id: number): Uint8Array {
  const writer = new ByteWriter(8);
  writer.uint(id);
  return writer.take();
}
