/**
 * Hinted handoff: writes for a node that is down are kept by another, which gives them back when it is up. DeCandia et al., "Dynamo", SOSP 2007, section 4.6;
 * Joshi, "Patterns of Distributed Systems", 2023.
 *
 *     store --(room)--> waiting --(target up, its turn)--> sent --delivered--> gone
 *       |                 ^ \                               |
 *       v                 |  \--(too old)--> discarded      | failed, or no answer
 *    refused              +---------------------------------+
 *
 * Hints shorten the time for which replicas differ. They are no guarantee: a node that keeps some can be lost with them. So nothing is dropped silently: what is refused
 * or discarded opens a *gap* for its target, which only anti-entropy (`repaired`) closes.
 *
 * Hints are older than what is written meanwhile. One that arrives after the tombstone of a deletion was collected brings the deleted value back; so a hint lives shorter than
 * tombstones are kept, and `oldestAt` tells those who collect by other rules than by time (scylladb #23712).
 *
 * Pure; the hints themselves are the driver's. Bounds: count and bytes, in all and for each target; `targetsMax`; `syncPointsMax`. O(targets) per step, and O(1) for each hint.
 */
import { assert, Instant } from '../base/index.ts';
import { HandoffPace } from './handoff-pace.ts';
import type {
  HintedHandoffEffect,
  HintedHandoffInput,
  HintedHandoffOptions,
  HintGap,
  HintRefusal,
} from './handoff-types.ts';
import { type Hint, HintQueue } from './hint-queue.ts';
import { SyncPoints } from './sync-points.ts';

interface Target {
  readonly name: string;
  readonly queue: HintQueue;
  readonly pace: HandoffPace;
  isUp: boolean;
  failures: number;
  quietUntil: Instant;
}

export class HintedHandoff {
  readonly #options: HintedHandoffOptions;
  readonly #targets = new Map<string, Target>();
  readonly #hints = new Map<number, Hint>();
  readonly #gaps = new Map<string, HintGap>();
  readonly #syncPoints: SyncPoints;
  #serial = 0;
  #sizeBytes = 0;

  constructor(options: HintedHandoffOptions) {
    const {
      countMax,
      sizeBytesMax,
      targetCountMax,
      targetSizeBytesMax,
      ttlMs,
      tombstoneGraceMs,
      windowMs,
      answerMs,
      backoffMs,
    } = options;
    const bounds = { countMax, sizeBytesMax, targetCountMax, targetSizeBytesMax, windowMs, answerMs, backoffMs };
    for (const [name, value] of Object.entries(bounds))
      if (!(value > 0)) throw new RangeError(`${name} must be above 0, not ${value}`);
    if (!(ttlMs < tombstoneGraceMs))
      throw new RangeError(
        `ttlMs must be below tombstoneGraceMs (${tombstoneGraceMs}), or hints bring back what was deleted; not ${ttlMs}`,
      );
    if (!(answerMs < ttlMs && windowMs <= ttlMs))
      throw new RangeError(`answerMs and windowMs must be within ttlMs (${ttlMs})`);
    this.#options = options;
    this.#syncPoints = new SyncPoints(options.syncPointsMax ?? 16);
  }

  get count(): number {
    return this.#hints.size;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** When the oldest hint was written: no tombstone of that time or later may be collected yet. */
  get oldestAt(): Instant | undefined {
    let oldest: Instant | undefined;
    for (const { queue } of this.#targets.values()) {
      const at = queue.oldest?.writtenAt;
      if (at !== undefined && (oldest === undefined || at < oldest)) oldest = at;
    }
    return oldest;
  }

  /** Who lacks what, since when. */
  get gaps(): readonly HintGap[] {
    return [...this.#gaps.values()];
  }

  /** At which rate a target is being served; undefined when there is nothing for it. */
  bytesPerSecond(target: string): number | undefined {
    return this.#targets.get(target)?.pace.bytesPerSecond;
  }

  get deadline(): Instant | undefined {
    let earliest = Number.POSITIVE_INFINITY;
    for (const target of this.#targets.values()) earliest = Math.min(earliest, this.#deadlineOf(target));
    return earliest === Number.POSITIVE_INFINITY ? undefined : Instant.of(earliest);
  }

  step(input: HintedHandoffInput, now: Instant, out: HintedHandoffEffect[]): void {
    switch (input.kind) {
      case 'store':
        this.#store(input, now, out);
        break;
      case 'up':
      case 'down':
        this.#heard(input.target, input.kind === 'up', now);
        break;
      case 'delivered':
        this.#delivered(input.id, now, out);
        break;
      case 'failed':
        this.#failed(this.#hints.get(input.id), now);
        break;
      case 'removed':
        this.#removed(input.target, out);
        break;
      case 'repaired':
        if ((this.#gaps.get(input.target)?.until ?? input.begunAt) < input.begunAt) this.#gaps.delete(input.target);
        break;
      case 'sync-point':
        this.#syncPoints.add(input.id, this.#serial, this.#hints.size, out);
        break;
      case 'tick':
        break;
    }
    for (const target of this.#targets.values()) this.#serve(target, now, out);
  }

  #store(input: HintedHandoffInput & { readonly kind: 'store' }, now: Instant, out: HintedHandoffEffect[]): void {
    const { id, target: name, sizeBytes, ageMs = 0 } = input;
    assert(sizeBytes >= 0, `sizeBytes must be >= 0, not ${sizeBytes}`);
    assert(ageMs >= 0, `ageMs must be >= 0, not ${ageMs}`);
    assert(!this.#hints.has(id), `hint ${id} is kept already; ids are used once`);
    const why = this.#refusal(name, sizeBytes, ageMs, now);
    if (why !== undefined) {
      out.push({ kind: 'refused', id, target: name, why });
      return this.#gap(name, sizeBytes, now, out);
    }
    const writtenAt = Instant.add(now, -ageMs);
    this.#serial += 1;
    const hint: Hint = { id, target: name, sizeBytes, writtenAt, serial: this.#serial, state: 'waiting', sentAt: now };
    this.#hints.set(id, hint);
    this.#sizeBytes += sizeBytes;
    this.#target(name).queue.add(hint);
    out.push({ kind: 'keep', id, target: name });
  }

  #refusal(name: string, sizeBytes: number, ageMs: number, now: Instant): HintRefusal | undefined {
    const {
      countMax,
      sizeBytesMax,
      targetCountMax,
      targetSizeBytesMax,
      windowMs,
      ttlMs,
      targetsMax = 1024,
    } = this.#options;
    if (ageMs >= ttlMs - this.#options.answerMs) return 'too-old';
    if (this.#hints.size >= countMax || this.#sizeBytes + sizeBytes > sizeBytesMax) return 'full';
    const queue = this.#targets.get(name)?.queue;
    if (queue === undefined) {
      if (this.#targets.size >= targetsMax) return 'too-many-targets';
      return sizeBytes > targetSizeBytesMax ? 'target-full' : undefined;
    }
    if (queue.count >= targetCountMax || queue.sizeBytes + sizeBytes > targetSizeBytesMax) return 'target-full';
    // By the age of what is kept, not by how long it has been down this time: who comes and goes does not begin anew (CASSANDRA-14309).
    const oldestAt = queue.oldest?.writtenAt;
    return ageMs === 0 && oldestAt !== undefined && now - oldestAt > windowMs ? 'window' : undefined;
  }

  #target(name: string): Target {
    const known = this.#targets.get(name);
    if (known !== undefined) return known;
    const target: Target = {
      name,
      queue: new HintQueue(),
      pace: new HandoffPace(this.#options.pace),
      isUp: false,
      failures: 0,
      quietUntil: Instant.of(Number.NEGATIVE_INFINITY),
    };
    this.#targets.set(name, target);
    return target;
  }

  #heard(name: string, isUp: boolean, now: Instant): void {
    const { targetsMax = 1024 } = this.#options;
    if (!this.#targets.has(name) && (!isUp || this.#targets.size >= targetsMax)) return;
    const target = this.#target(name);
    if (isUp && !target.isUp) {
      target.pace.restart();
      target.failures = 0;
      target.quietUntil = now;
    }
    target.isUp = isUp;
    // What was under way to one that is down is not awaited.
    if (!isUp) for (const hint of [...target.queue.underWay()]) target.queue.putBack(hint);
  }

  #delivered(id: number, now: Instant, out: HintedHandoffEffect[]): void {
    const hint = this.#hints.get(id);
    const target = hint === undefined ? undefined : this.#targets.get(hint.target);
    if (hint === undefined || target === undefined) return;
    target.failures = 0;
    if (hint.state === 'sent') target.pace.took(now - hint.sentAt, now);
    this.#settle(hint, 'delivered', out);
  }

  #failed(hint: Hint | undefined, now: Instant): void {
    const target = hint === undefined ? undefined : this.#targets.get(hint.target);
    if (hint?.state !== 'sent' || target === undefined) return;
    target.queue.putBack(hint);
    target.pace.failed(now);
    // Of all that were under way the first failure counts; the others say the same.
    if (now < target.quietUntil) return;
    target.quietUntil = Instant.add(now, this.#options.backoffMs * 2 ** Math.min(6, target.failures));
    target.failures += 1;
  }

  #removed(name: string, out: HintedHandoffEffect[]): void {
    const target = this.#targets.get(name);
    for (const hint of target === undefined ? [] : [...target.queue.all()]) this.#settle(hint, 'removed', out);
    this.#targets.delete(name);
    this.#gaps.delete(name);
  }

  #serve(target: Target, now: Instant, out: HintedHandoffEffect[]): void {
    const { ttlMs, answerMs, inFlightMax = 64 } = this.#options;
    const { queue, pace, name } = target;
    for (const hint of queue.unanswered(answerMs, now)) this.#failed(hint, now);
    for (let old = queue.oldest; old !== undefined && now >= old.writtenAt + ttlMs; old = queue.oldest)
      this.#expire(old, now, out);
    while (target.isUp && now >= target.quietUntil && queue.sent < inFlightMax && now >= pace.nextAt) {
      const hint = queue.next;
      if (hint === undefined) break;
      const remainingMs = hint.writtenAt + ttlMs - now;
      // It could arrive too late: better now than then.
      if (remainingMs <= answerMs) {
        this.#expire(hint, now, out);
        continue;
      }
      queue.markSent(hint, now);
      pace.sent(hint.sizeBytes, now);
      out.push({ kind: 'deliver', id: hint.id, target: name, remainingMs });
    }
    if (queue.count === 0 && !target.isUp) this.#targets.delete(name);
  }

  #expire(hint: Hint, now: Instant, out: HintedHandoffEffect[]): void {
    this.#settle(hint, 'expired', out);
    this.#gap(hint.target, hint.sizeBytes, now, out);
  }

  #settle(hint: Hint, why: 'delivered' | 'expired' | 'removed', out: HintedHandoffEffect[]): void {
    const target = this.#targets.get(hint.target);
    target?.queue.settle(hint);
    this.#hints.delete(hint.id);
    this.#sizeBytes -= hint.sizeBytes;
    out.push({ kind: 'discard', id: hint.id, target: hint.target, why });
    this.#syncPoints.settled(hint.serial, why === 'delivered', out);
    if (target?.queue.count === 0) out.push({ kind: 'drained', target: hint.target });
  }

  #gap(target: string, sizeBytes: number, now: Instant, out: HintedHandoffEffect[]): void {
    const known = this.#gaps.get(target);
    if (known === undefined) out.push({ kind: 'gap', target });
    const { targetsMax = 1024 } = this.#options;
    // With too many to count, it is said each time.
    if (known === undefined && this.#gaps.size >= targetsMax) return;
    const { count, sizeBytes: before, since } = known ?? { count: 0, sizeBytes: 0, since: now };
    this.#gaps.set(target, { target, count: count + 1, sizeBytes: before + sizeBytes, since, until: now });
  }

  #deadlineOf({ queue, pace, isUp, quietUntil }: Target): number {
    const { ttlMs, answerMs, inFlightMax = 64 } = this.#options;
    const expiresAt = (queue.oldest?.writtenAt ?? Number.POSITIVE_INFINITY) + ttlMs;
    let earliest = Math.min(expiresAt, queue.firstSentAt + answerMs);
    if (isUp && queue.next !== undefined && queue.sent < inFlightMax)
      earliest = Math.min(earliest, Math.max(quietUntil, pace.nextAt));
    return earliest;
  }
}
