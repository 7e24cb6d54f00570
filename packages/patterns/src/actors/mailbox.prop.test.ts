import fc from 'fast-check';
import { test } from 'vitest';
import { Mailbox, type Overflow } from './index.ts';
import { same } from './same.fixture.ts';

/** The same in the dumbest way: one list, searched from end to end. */
class ListMailbox {
  waiting: { message: number; priority: number }[] = [];
  first: number[] = [];
  stashed: number[] = [];
  pressing = false;
  readonly #max: number;
  readonly #stashMax: number;
  readonly #overflow: Overflow;

  constructor(max: number, stashMax: number, overflow: Overflow) {
    this.#max = max;
    this.#stashMax = stashMax;
    this.#overflow = overflow;
  }

  offer(message: number, priority: number): unknown {
    const newcomer = { message, priority };
    if (this.waiting.length < this.#max) {
      this.waiting.push(newcomer);
      return { kind: 'taken' };
    }
    if (this.#overflow === 'refuse') {
      this.pressing = true;
      return { kind: 'refused' };
    }
    const all = [...this.waiting, newcomer];
    const lowest = Math.min(...all.map((one) => one.priority));
    const lost = all.filter((one) => one.priority === lowest).at(this.#overflow === 'drop-oldest' ? 0 : -1)!;
    this.waiting = all.filter((one) => one !== lost);
    return { kind: 'dropped', which: lost === newcomer ? 'offered' : 'waiting', message: lost.message };
  }

  take(): number | undefined {
    if (this.first.length > 0) return this.first.shift();
    const highest = Math.max(...this.waiting.map((one) => one.priority));
    const at = this.waiting.findIndex((one) => one.priority === highest);
    return at < 0 ? undefined : this.waiting.splice(at, 1)[0]!.message;
  }

  stash(message: number): boolean {
    if (this.stashed.length + this.first.length >= this.#stashMax) return false;
    this.stashed.push(message);
    return true;
  }

  unstash(): void {
    this.first = [...this.stashed, ...this.first];
    this.stashed = [];
  }

  takeRoom(roomAt: number): boolean {
    if (!this.pressing || this.waiting.length > roomAt) return false;
    this.pressing = false;
    return true;
  }
}

const move = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('offer'), message: fc.nat(2), priority: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'take' as const, message: 0, priority: 0 }) },
  fc.record({ kind: fc.constant('stash'), message: fc.nat(2), priority: fc.constant(0) }),
  fc.constant({ kind: 'unstash', message: 0, priority: 0 }),
  fc.constant({ kind: 'room', message: 0, priority: 0 }),
);

test('a mailbox does what a searched list does, whatever happens in whatever order, and nothing is lost uncounted', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<Overflow>('refuse', 'drop-oldest', 'drop-newest'),
      fc.integer({ min: 1, max: 5 }),
      fc.array(move, { maxLength: 60 }),
      (overflow, messagesMax, moves) => {
        const mailbox = new Mailbox<number>({ messagesMax, priorities: 3, stashMax: 2, overflow });
        const list = new ListMailbox(messagesMax, 2, overflow);
        let offered = 0;
        let out = 0;
        for (const { kind, message, priority } of moves) {
          if (kind === 'offer') {
            offered += 1;
            same(mailbox.offer(message, priority), list.offer(message, priority));
          } else if (kind === 'take') {
            const taken = mailbox.take();
            same(taken, list.take());
            if (taken !== undefined) out += 1;
          } else if (kind === 'stash') {
            const stashed = mailbox.stash(message);
            same(stashed, list.stash(message));
            // A stashed message had been taken before.
            if (stashed) out -= 1;
          } else if (kind === 'unstash') {
            mailbox.unstash();
            list.unstash();
          } else same(mailbox.takeRoom(), list.takeRoom(Math.floor(messagesMax / 2)));
          same([mailbox.size, mailbox.stashed], [list.waiting.length + list.first.length, list.stashed.length]);
          const { refused, droppedOldest, droppedNewest } = mailbox.counts;
          same(out + mailbox.size + mailbox.stashed + refused + droppedOldest + droppedNewest, offered);
        }
        const rest: (number | undefined)[] = [];
        for (let next = list.take(); next !== undefined; next = list.take()) rest.push(next);
        same(mailbox.clear(), [...rest, ...list.stashed]);
        same([mailbox.size, mailbox.stashed, mailbox.take()], [0, 0, undefined]);
      },
    ),
    { numRuns: 600, seed: 31 },
  );
});
