/**
 * Starts children in order, restarts those that fail, stops them in the opposite order, and fails itself when that does not help. Armstrong, "Making
 * Reliable Distributed Systems in the Presence of Software Errors", 2003, chapter 5; strategies, restart types and intensity as in Erlang/OTP,
 * `supervisor`; directives for children that stand still after a failure as in Akka.
 *
 *     idle ── start ──> starting ──(all have started)──> running
 *                          │ one cannot                     │ stop, too many restarts, escalate
 *                          └──────────> ending <────────────┘
 *                                          └──(all have exited)──> down
 *
 *     child:  down ── start ──> starting ── started ──> up ── stop ──> stopping ──(timeoutMs)──> killed
 *               ^                                        │                │                        │
 *               └────────────── exited, start-failed ────┴────────────────┴────────────────────────┘
 *
 * A failure decides what is wanted: which children are to be stopped, which to run. After each input the kernel looks at all children and does what can
 * be done next towards that (`#reconcile`). In one-for-all and rest-for-one, at the beginning and at the end, children are started and stopped one at a
 * time; in one-for-one a restart waits for no other child. A run of a child is known by its generation, so late news of an earlier one is ignored.
 *
 * It differs from OTP in two points: a restart may wait (`backoff`), and a supervisor that gives up has failed for its own supervisor, also for a transient
 * child, while OTP reports `shutdown`. Pure. O(children) per input.
 */
import { assert, Instant } from '../base/index.ts';
import { Backoff } from '../resilience/backoff.ts';
import { RestartIntensity } from './restart-intensity.ts';
import type {
  ChildEnd,
  ChildNews,
  ChildSpec,
  Directive,
  DownReason,
  RestartType,
  StopPolicy,
  Strategy,
  SupervisorEffect,
  SupervisorInput,
  SupervisorOptions,
} from './supervision-types.ts';

interface Child {
  readonly id: string;
  readonly restart: RestartType;
  readonly stop: StopPolicy;
  state: 'down' | 'starting' | 'up' | 'stopping';
  /** Of its latest run. */
  generation: number;
  /** It shall run, now or as soon as it has been stopped. */
  isWanted: boolean;
  /** The run there is has to end. */
  mustStop: boolean;
  /** Never started yet, and added while the supervisor was running. */
  isNew: boolean;
  isForgotten: boolean;
  startAt: number;
  killAt: number;
  upSince: number;
  /** In a row, and how long it waited for the latest restart. */
  failures: number;
  delayMs: number;
}

const NOT_UP: number = Number.POSITIVE_INFINITY;
const DEFAULT_STOP: StopPolicy = { kind: 'ask', timeoutMs: 5_000 };

export class Supervisor {
  readonly #strategy: Strategy;
  readonly #intensity: RestartIntensity;
  readonly #backoff: Backoff | undefined;
  readonly #random: () => number;
  readonly #stableMs: number;
  readonly #childrenMax: number;
  /** In the order in which they are started. */
  #children: Child[] = [];
  #phase: 'idle' | 'starting' | 'running' | 'ending' | 'down' = 'idle';
  #down: { readonly reason: DownReason; readonly child: string | undefined } = { reason: 'stopped', child: undefined };
  #generation = 0;

  constructor(options: SupervisorOptions) {
    this.#strategy = options.strategy;
    this.#intensity = new RestartIntensity(options.intensity);
    this.#backoff = options.backoff === undefined ? undefined : new Backoff(options.backoff);
    assert(
      options.backoff === undefined || options.random !== undefined,
      'backoff needs a source of random numbers: pass `random`',
    );
    this.#random = options.random ?? (() => 0);
    this.#stableMs = options.stableMs ?? 60_000;
    this.#childrenMax = options.childrenMax ?? 10_000;
    assert(this.#childrenMax >= 1, `childrenMax must be >= 1, not ${options.childrenMax}`);
    for (const spec of options.children ?? []) {
      assert(this.#children.length < this.#childrenMax, `there must be at most ${this.#childrenMax} children`);
      this.#insert(spec, false);
    }
  }

  get phase(): 'idle' | 'starting' | 'running' | 'ending' | 'down' {
    return this.#phase;
  }

  /** The children in order, and how each is. */
  get children(): readonly { readonly id: string; readonly state: Child['state']; readonly generation: number }[] {
    return this.#children.map(({ id, state, generation }) => ({ id, state, generation }));
  }

  get deadline(): Instant | undefined {
    let earliest = Number.POSITIVE_INFINITY;
    // What waits for another child does not wait for a time.
    let isHeldUp = this.#isOrdered && this.#children.some(({ mustStop }) => mustStop);
    for (const { state, isWanted, startAt, killAt } of this.#children) {
      if (state === 'stopping') earliest = Math.min(earliest, killAt);
      else if (state === 'down' && isWanted && !isHeldUp) earliest = Math.min(earliest, startAt);
      isHeldUp ||= this.#isOrdered && isWanted && state !== 'up';
    }
    return earliest === Number.POSITIVE_INFINITY ? undefined : Instant.of(earliest);
  }

  step(input: SupervisorInput, now: Instant, out: SupervisorEffect[]): void {
    switch (input.kind) {
      case 'start':
        assert(this.#phase === 'idle', 'a supervisor is started once');
        this.#phase = 'starting';
        break;
      case 'stop':
        this.#fail('stopped', undefined);
        break;
      case 'add':
        this.#add(input.spec, out);
        break;
      case 'remove':
        this.#remove(input.child);
        break;
      case 'tick':
        break;
      default: {
        const child = this.#children.find(({ id }) => id === input.child);
        if (child === undefined || child.generation !== input.generation || child.state === 'down') return;
        this.#heard(child, input, now, out);
      }
    }
    this.#reconcile(now, out);
  }

  #heard(child: Child, input: ChildNews, now: Instant, out: SupervisorEffect[]): void {
    switch (input.kind) {
      case 'started':
        if (child.state === 'stopping') return;
        Object.assign(child, { state: 'up', isNew: false, upSince: now });
        return;
      case 'start-failed':
        return this.#startFailed(child, now, out);
      case 'exited':
        return this.#exited(child, input.how, now);
      case 'failed':
        if (!child.mustStop) this.#direct(child, input.directive, now, out);
    }
  }

  #startFailed(child: Child, now: Instant, out: SupervisorEffect[]): void {
    child.state = 'down';
    if (child.mustStop) return;
    if (this.#phase === 'starting') return this.#fail('start-failed', child.id);
    if (!child.isNew) return this.#restart(child, now);
    child.isForgotten = true;
    out.push({ kind: 'not-added', child: child.id, why: 'start-failed' });
  }

  #exited(child: Child, how: ChildEnd, now: Instant): void {
    child.state = 'down';
    // It was to end in any case.
    if (child.mustStop) return;
    if (child.restart === 'permanent' || (child.restart === 'transient' && how === 'error'))
      return this.#restart(child, now);
    child.isWanted = false;
    child.mustStop = true;
  }

  #direct(child: Child, directive: Directive, now: Instant, out: SupervisorEffect[]): void {
    if (directive === 'resume') return void out.push({ kind: 'resume', child: child.id, generation: child.generation });
    if (directive === 'escalate') return this.#fail('escalated', child.id);
    if (directive === 'restart' && child.restart !== 'temporary') return this.#restart(child, now);
    child.isWanted = false;
    child.mustStop = true;
  }

  /** Decides who is stopped and started after `failed` has failed, if it is not once too often. */
  #restart(failed: Child, now: Instant): void {
    if (!this.#intensity.add(now)) return this.#fail('too-many-restarts', failed.id);
    failed.failures = now - failed.upSince >= this.#stableMs ? 1 : failed.failures + 1;
    failed.delayMs = this.#backoff?.delayMs(failed.failures, failed.delayMs, this.#random) ?? 0;
    failed.startAt = now + failed.delayMs;
    const from = this.#strategy === 'one-for-all' ? 0 : this.#children.indexOf(failed);
    const to = this.#strategy === 'one-for-one' ? from + 1 : this.#children.length;
    for (const child of this.#children.slice(from, to)) {
      child.isWanted = child.restart !== 'temporary' && !child.isForgotten;
      child.mustStop = true;
    }
  }

  /** The end begins, unless it has begun: the first reason is the one that counts. */
  #fail(reason: DownReason, child: string | undefined): void {
    if (this.#phase === 'ending' || this.#phase === 'down') return;
    this.#phase = 'ending';
    this.#down = { reason, child };
    for (const one of this.#children) Object.assign(one, { isWanted: false, mustStop: true });
  }

  #add(spec: ChildSpec, out: SupervisorEffect[]): void {
    // Whoever adds cannot know that it has just begun to end.
    if (this.#phase === 'ending' || this.#phase === 'down')
      out.push({ kind: 'not-added', child: spec.id, why: 'ended' });
    else if (this.#children.length >= this.#childrenMax) out.push({ kind: 'not-added', child: spec.id, why: 'full' });
    else this.#insert(spec, this.#phase === 'running');
  }

  #insert(spec: ChildSpec, isNew: boolean): void {
    assert(!this.#children.some(({ id }) => id === spec.id), `child ${spec.id} exists: ids are unique`);
    const { id, restart = 'permanent', stop = DEFAULT_STOP } = spec;
    this.#children.push({
      ...{ id, restart, stop, isNew, state: 'down', generation: 0, isWanted: true, mustStop: false },
      ...{ isForgotten: false, startAt: 0, killAt: 0, upSince: NOT_UP, failures: 0, delayMs: 0 },
    });
  }

  #remove(id: string): void {
    const child = this.#children.find((one) => one.id === id);
    if (child !== undefined) Object.assign(child, { isWanted: false, mustStop: true, isForgotten: true });
  }

  /** Whether children are started and stopped one at a time. */
  get #isOrdered(): boolean {
    return this.#strategy !== 'one-for-one' || this.#phase !== 'running';
  }

  /** Looks at everything, does what comes next. */
  #reconcile(now: Instant, out: SupervisorEffect[]): void {
    if (this.#phase === 'idle' || this.#phase === 'down') return;
    const isStopping = this.#stopChildren(now, out);
    if (this.#phase !== 'ending' && !(isStopping && this.#isOrdered)) this.#startChildren(now, out);
    if (this.#phase === 'starting' && this.#children.every(({ state, isWanted }) => state === 'up' || !isWanted)) {
      this.#phase = 'running';
      out.push({ kind: 'up' });
    }
    if (this.#phase === 'ending' && this.#children.every(({ state }) => state === 'down')) {
      this.#phase = 'down';
      out.push({ kind: 'down', ...this.#down });
    }
  }

  /** From the last to the first. Whether any is still to end. */
  #stopChildren(now: Instant, out: SupervisorEffect[]): boolean {
    let isStopping = false;
    for (let at = this.#children.length - 1; at >= 0; at--) {
      const child = this.#children[at]!;
      if (!child.mustStop) continue;
      if (child.state === 'down') this.#stopped(child, out);
      else if (!isStopping || !this.#isOrdered) this.#stop(child, now, out);
      isStopping ||= child.state !== 'down';
    }
    if (this.#children.some(({ isForgotten, state }) => isForgotten && state === 'down'))
      this.#children = this.#children.filter(({ isForgotten, state }) => !isForgotten || state !== 'down');
    return isStopping;
  }

  #stopped(child: Child, out: SupervisorEffect[]): void {
    child.mustStop = false;
    if (child.isWanted) return;
    if (child.restart === 'temporary') child.isForgotten = true;
    if (this.#phase !== 'ending') out.push({ kind: 'ended', child: child.id });
  }

  #stop(child: Child, now: Instant, out: SupervisorEffect[]): void {
    const { id, generation, stop } = child;
    if (child.state !== 'stopping') {
      child.state = 'stopping';
      child.killAt = stop.kind === 'ask' ? now + stop.timeoutMs : Number.POSITIVE_INFINITY;
      out.push({ kind: stop.kind === 'kill' ? 'kill' : 'stop', child: id, generation });
    } else if (now >= child.killAt) {
      child.killAt = Number.POSITIVE_INFINITY;
      out.push({ kind: 'kill', child: id, generation });
    }
  }

  /** From the first to the last. */
  #startChildren(now: Instant, out: SupervisorEffect[]): void {
    for (const child of this.#children) {
      const isDue = child.isWanted && child.state === 'down' && now >= child.startAt;
      if (isDue) {
        this.#generation += 1;
        Object.assign(child, { state: 'starting', generation: this.#generation, startAt: 0, upSince: NOT_UP });
        out.push({ kind: 'start', child: child.id, generation: child.generation });
      }
      if (this.#isOrdered && child.isWanted && child.state !== 'up') return;
    }
  }
}
