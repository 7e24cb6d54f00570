import type { Entry, HardState } from '@quorate/patterns/consensus/raft';
import type { CarryNote, ShareNote } from './log-records.ts';
import type { RecoveredGroup } from './types.ts';

/** The place of an entry that cannot be read. */
interface Lost {
  readonly kind: 'lost';
  readonly why: string;
}

/** One group's log and state, as they grow while its records are read in the order in which they were written. */
export class RecoveringGroup {
  #ordinal: number;
  #state: HardState = { term: 0, vote: undefined };
  #commit = 0;
  /** Entries up to here are not needed. */
  #base = 0;
  /** `#slots[i]` is the entry with index `#firstIndex + i`. */
  #firstIndex = 1;
  #slots: (Entry | Lost)[] = [];
  #damage: string | undefined;
  /** Something unknown was lost; the next record tells by its ordinal whether it was one of this group's. */
  #suspicion: string | undefined;

  /**
   * A group that is first met at the head of the oldest segment has a carry; any other must start with its first share.
   * `loss`: it may have been there before, among records that were lost.
   */
  constructor(carry: CarryNote | undefined, loss: string | undefined) {
    this.#ordinal = carry?.ordinal ?? 0;
    this.#damage = loss;
    if (carry === undefined) return;
    this.#firstIndex = carry.lastIndex + 1;
    this.#adopt(carry);
  }

  get ordinal(): number {
    return this.#ordinal;
  }

  get base(): number {
    return this.#base;
  }

  get lastIndex(): number {
    return this.#firstIndex + this.#slots.length - 1;
  }

  suspect(why: string): void {
    this.#suspicion ??= why;
  }

  carry(carry: CarryNote): void {
    this.#follow(carry.ordinal, this.#ordinal);
    // A life that began with damage went on from what was left before it.
    if (carry.damage !== undefined) this.#cut(carry.lastIndex + 1);
    if (this.lastIndex !== carry.lastIndex) {
      this.#damaged(`the log reaches to ${this.lastIndex} where it should reach to ${carry.lastIndex}`);
    }
    this.#adopt(carry);
  }

  /** `entries` is undefined when the record's body is unreadable; `why` then says where. */
  share(note: ShareNote, entries: readonly Entry[] | undefined, why: string): void {
    this.#follow(note.ordinal, this.#ordinal + 1);
    if (note.repaired) this.#repaired();
    if (note.base !== undefined) this.#base = Math.max(this.#base, note.base);
    if (note.restart !== undefined) {
      this.#slots = [];
      this.#firstIndex = note.restart + 1;
      this.#base = note.restart;
    }
    if (note.entries !== undefined) this.#write(note.entries.firstIndex, note.entries.count, entries, why);
    if (note.state !== undefined) this.#state = note.state;
    this.#commit = Math.max(this.#commit, note.commit);
  }

  finish(): RecoveredGroup {
    if (this.#suspicion !== undefined) this.#damaged(this.#suspicion);
    const entries: Entry[] = [];
    if (this.#firstIndex > this.#base + 1) {
      this.#damaged(`entries ${this.#base + 1} to ${this.#firstIndex - 1} are missing: a segment is gone`);
    } else {
      for (let index = this.#base + 1; index <= this.lastIndex; index++) {
        const slot = this.#slots[index - this.#firstIndex]!;
        if (slot.kind === 'lost') {
          this.#damaged(`entry ${index}: ${slot.why}`);
          break;
        }
        entries.push(slot);
      }
    }
    const lastIndex = this.#base + entries.length;
    if (this.#commit > lastIndex) {
      this.#damaged(`the log ends at ${lastIndex}, but ${this.#commit} was recorded as committed`);
    }
    return { state: this.#state, entries, commit: this.#commit, damage: this.#damage };
  }

  #follow(ordinal: number, expected: number): void {
    if (ordinal !== expected) {
      const cause = this.#suspicion === undefined ? '' : ` (${this.#suspicion})`;
      this.#damaged(`record ${expected} of the group is missing, ${ordinal} follows${cause}`);
    }
    this.#suspicion = undefined;
    this.#ordinal = ordinal;
  }

  #adopt(carry: CarryNote): void {
    this.#state = carry.state;
    this.#commit = Math.max(this.#commit, carry.commit);
    this.#base = Math.max(this.#base, carry.base);
    if (carry.damage !== undefined) this.#damaged(carry.damage);
  }

  #write(firstIndex: number, count: number, entries: readonly Entry[] | undefined, why: string): void {
    if (firstIndex > this.lastIndex + 1) {
      const missing: Lost = { kind: 'lost', why: `missing before ${firstIndex}` };
      while (this.lastIndex + 1 < firstIndex) this.#slots.push(missing);
    }
    this.#cut(firstIndex);
    if (entries === undefined) for (let i = 0; i < count; i++) this.#slots.push({ kind: 'lost', why });
    else for (let i = 0; i < count; i++) this.#slots.push(entries[i]!);
  }

  /** Voids all entries from `index` on. */
  #cut(index: number): void {
    if (index > this.lastIndex) return;
    this.#slots.length = Math.max(0, index - this.#firstIndex);
    if (index < this.#firstIndex) this.#firstIndex = index;
  }

  #repaired(): void {
    this.#damage = undefined;
    const from = Math.max(0, this.#base + 1 - this.#firstIndex);
    const lost = this.#slots.findIndex((slot, i) => i >= from && slot.kind === 'lost');
    if (lost >= 0) this.#slots.length = lost;
  }

  #damaged(why: string): void {
    this.#damage ??= why;
  }
}
