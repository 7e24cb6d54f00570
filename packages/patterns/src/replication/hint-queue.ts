import type { Instant } from '../base/index.ts';

export interface Hint {
  readonly id: number;
  readonly target: string;
  readonly sizeBytes: number;
  readonly writtenAt: Instant;
  /** In the order in which they were taken. */
  readonly serial: number;
  state: 'waiting' | 'sent' | 'gone';
  sentAt: Instant;
}

/** The hints of one target, oldest first. What is settled leaves when it comes to the front; O(1) each, for hints that come in order of age. */
export class HintQueue {
  #hints: Hint[] = [];
  #head = 0;
  /** Where to look for the next one to send. */
  #next = 0;
  count = 0;
  sizeBytes = 0;
  sent = 0;
  /** None of those under way was sent before. */
  #firstSentAt = Number.POSITIVE_INFINITY;

  /** Those recovered after a restart may be older than what is there. */
  add(hint: Hint): void {
    let at = this.#hints.length;
    while (at > this.#head && this.#hints[at - 1]!.writtenAt > hint.writtenAt) at -= 1;
    if (at === this.#hints.length) this.#hints.push(hint);
    else this.#hints.splice(at, 0, hint);
    this.#next = Math.min(this.#next, at);
    this.count += 1;
    this.sizeBytes += hint.sizeBytes;
  }

  /** The oldest that is not settled. */
  get oldest(): Hint | undefined {
    while (this.#hints[this.#head]?.state === 'gone') this.#head += 1;
    if (this.#head > 1024 && this.#head * 2 > this.#hints.length) {
      this.#hints = this.#hints.slice(this.#head);
      this.#next = Math.max(0, this.#next - this.#head);
      this.#head = 0;
    }
    return this.#hints[this.#head];
  }

  /** The oldest that waits to be sent. */
  get next(): Hint | undefined {
    this.#next = Math.max(this.#next, this.#head);
    while (this.#next < this.#hints.length && this.#hints[this.#next]!.state !== 'waiting') this.#next += 1;
    return this.#hints[this.#next];
  }

  markSent(hint: Hint, now: Instant): void {
    this.#firstSentAt = Math.min(this.firstSentAt, now);
    hint.state = 'sent';
    hint.sentAt = now;
    this.sent += 1;
  }

  /** It was not taken; it waits in its old place. */
  putBack(hint: Hint): void {
    if (hint.state !== 'sent') return;
    hint.state = 'waiting';
    this.sent -= 1;
    this.#next = this.#head;
  }

  settle(hint: Hint): void {
    if (hint.state === 'sent') this.sent -= 1;
    hint.state = 'gone';
    this.count -= 1;
    this.sizeBytes -= hint.sizeBytes;
  }

  get firstSentAt(): number {
    return this.sent === 0 ? Number.POSITIVE_INFINITY : this.#firstSentAt;
  }

  /** Those sent `answerMs` ago or longer. O(1) when there can be none. */
  unanswered(answerMs: number, now: Instant): readonly Hint[] {
    if (this.firstSentAt + answerMs > now) return [];
    const late: Hint[] = [];
    this.#firstSentAt = Number.POSITIVE_INFINITY;
    for (const hint of this.underWay())
      if (hint.sentAt + answerMs <= now) late.push(hint);
      else this.#firstSentAt = Math.min(this.#firstSentAt, hint.sentAt);
    return late;
  }

  /** Those under way, oldest first. O(hints before the last one sent). */
  *underWay(): Generator<Hint> {
    for (let at = this.#head, left = this.sent; left > 0 && at < this.#hints.length; at++) {
      const hint = this.#hints[at]!;
      if (hint.state !== 'sent') continue;
      left -= 1;
      yield hint;
    }
  }

  *all(): Generator<Hint> {
    for (let at = this.#head; at < this.#hints.length; at++)
      if (this.#hints[at]!.state !== 'gone') yield this.#hints[at]!;
  }
}
