/**
 * Leases on the leader: how long each still has, who may renew it, and the revocation of those that have run out.
 *
 * A leader may be deposed without knowing. So that it never extends a lease that its successor is about to let expire, a keep-alive is answered
 * only after a read barrier: a majority confirmed, after the request had come, that this node still led. A new leader writes
 * `lease-epoch` before it times anything, and gives every lease its full time from then on: what its predecessor may have promised lies before.
 */
import type { Env } from '@quorate/env';
import { type ByteReader, ByteWriter, bytesFromBinary, Instant } from '@quorate/patterns/base';
import { compareBytes } from '../../client/keys.ts';
import { encodeCommand, readLeaseStatus, writeLeaseStatus } from '../codec/index.ts';
import type { CallOptions, LeaseStatus } from '../core.ts';
import type { CoreError } from '../errors.ts';
import type { CoreMachine } from '../machine/index.ts';
import type { LeaseListener } from '../machine/lease-book.ts';
import { coreError } from '../messages.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import { DEFAULT_TIMEOUT_MS, type LeaderCalls } from './leader-calls.ts';
import { type LeaderLine, LeaderQuestion } from './leader-line.ts';
import type { LeaderView } from './leader-view.ts';
import { LeaseTimes } from './lease-times.ts';
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
}

/** `ttlSeconds` is 0 when there is no such lease. */
export type KeptAlive = (error: CoreError | undefined, ttlSeconds: number, revision: number) => void;

const RETRY_MS = 500;

export class LeaseKeeping implements LeaseListener, Disposable {
  readonly #parts: LeaseKeepingParts;
  readonly #times: LeaseTimes = new LeaseTimes();
  readonly #timer: DeadlineTimer;
  readonly #subscription: Disposable;
  /** The term in which this node times the leases; 0 while it does not. */
  #term = 0;
  #retry: Disposable | undefined;
  /** Asks for the leases as a leader of `#view.term`; in the log until answered. */
  #asking = false;

  constructor(parts: LeaseKeepingParts) {
    this.#parts = parts;
    this.#timer = new DeadlineTimer(parts.env, (now) => this.#expire(now));
    this.#subscription = parts.view.onChange(() => this.#leaderChanged());
    this.#respond();
    this.#leaderChanged();
  }

  // --- Taking over

  #leaderChanged(): void {
    const { view } = this.#parts;
    if (view.leads && view.term === this.#term) return;
    this.#term = 0;
    this.#times.clear();
    if (view.leads) this.#takeOver();
  }

  #takeOver(): void {
    const { view, writes } = this.#parts;
    if (!view.leads || this.#term === view.term || this.#asking) return;
    const { term } = view;
    this.#asking = true;
    const over = (taken: boolean): void => {
      this.#asking = false;
      if (taken && view.leads && view.term === term) this.#tookOver(term);
      else this.#again(() => this.#takeOver());
    };
    const sink: WriteSink = { written: () => over(true), refused: () => over(false) };
    if (writes.add(encodeCommand({ kind: 'lease-epoch', term }), sink, 0) !== undefined) over(false);
  }

  #tookOver(term: number): void {
    this.#term = term;
    const now = this.#parts.env.clock.monotonic();
    for (const { id, ttlSeconds } of this.#parts.machine.leases) {
      this.#timer.note(this.#times.grant(id, ttlSeconds, now));
    }
  }

  #again(fn: () => void): void {
    if (!this.#parts.view.leads || this.#retry !== undefined) return;
    const { clock, timers } = this.#parts.env;
    this.#retry = timers.at(Instant.add(clock.monotonic(), RETRY_MS), () => {
      this.#retry = undefined;
      fn();
    });
  }

  // --- From the state machine, as it applies

  granted(id: number, ttlSeconds: number): void {
    if (this.#term !== 0) this.#timer.note(this.#times.grant(id, ttlSeconds, this.#parts.env.clock.monotonic()));
  }

  revoked(id: number): void {
    this.#times.revoke(id);
    this.#revoking.delete(id);
  }

  // --- Expiry

  /** Put into the log, and not applied yet. */
  readonly #revoking: Set<number> = new Set();

  #expire(now: Instant): Instant | undefined {
    if (this.#term === 0) return undefined;
    return this.#times.expire(now, (id) => this.#revoke(id));
  }

  #revoke(id: number): void {
    if (this.#revoking.has(id)) return;
    const over = (): void => void this.#revoking.delete(id);
    const failed = (): void => {
      over();
      this.#again(() => this.#timer.note(this.#parts.env.clock.monotonic()));
    };
    const command = encodeCommand({ kind: 'lease-revoke', id, leaderTerm: this.#term });
    this.#revoking.add(id);
    if (this.#parts.writes.add(command, { written: over, refused: failed }, 0) !== undefined) failed();
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
      const lease = this.#parts.machine.lease(id);
      // Before the take-over is through, the lease's full time has not even begun.
      const kept = lease !== undefined && (this.#term === 0 || this.#times.renew(id, now));
      done(undefined, kept ? lease.ttlSeconds : 0, this.#parts.machine.revision);
    });
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
    const remaining = this.#term === 0 ? ttlSeconds : Math.ceil(this.#times.remainingMs(id, now) / 1000);
    const attached = keys ? [...lease.keys].map((cell) => bytesFromBinary(cell.key)).sort(compareBytes) : [];
    return { id, grantedSeconds: ttlSeconds, remainingSeconds: remaining, keys: attached };
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
    this.#subscription[Symbol.dispose]();
    this.#timer[Symbol.dispose]();
    this.#retry?.[Symbol.dispose]();
  }
}

function encodeId(id: number): Uint8Array {
  const writer = new ByteWriter(8);
  writer.uint(id);
  return writer.take();
}
