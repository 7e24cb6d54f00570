import { assert } from '@quorate/patterns/base';
import type { HardState } from '@quorate/patterns/consensus/raft';
import type { BatchWriter } from '@quorate/patterns/log';
import { writeCarry, writeShare } from './log-records.ts';
import type { RecoveringGroup } from './recovering-group.ts';
import type { PersistRequest, RecoveredGroup } from './types.ts';

/** What the log must know of a group to begin a new segment, and to notice a request that would leave a gap. */
export class LogGroup {
  #ordinal = 0;
  #state: HardState = { term: 0, vote: undefined };
  #commit = 0;
  #base = 0;
  #writtenBase = 0;
  #lastIndex = 0;
  #damage: string | undefined;

  /** `damage`: the group may have been there before, and have lost everything. */
  constructor(damage: string | undefined) {
    this.#damage = damage;
  }

  static recovered(recovering: RecoveringGroup, result: RecoveredGroup): LogGroup {
    const group = new LogGroup(result.damage);
    group.#ordinal = recovering.ordinal;
    group.#state = result.state;
    group.#commit = result.commit;
    group.#base = recovering.base;
    group.#writtenBase = recovering.base;
    group.#lastIndex = recovering.base + result.entries.length;
    return group;
  }

  /** As the log says so far: what the next recovery will find once the last batch is durable. */
  get writtenBase(): number {
    return this.#writtenBase;
  }

  get commit(): number {
    return this.#commit;
  }

  /** False when that much was released already. */
  release(index: number): boolean {
    if (index <= this.#base) return false;
    this.#base = index;
    return true;
  }

  write(batch: BatchWriter, request: PersistRequest): void {
    const { entries, restart } = request;
    if (restart !== undefined) {
      this.#base = restart.index;
      this.#lastIndex = restart.index;
    }
    if (entries.length > 0) {
      const first = entries[0]!.index;
      const last = entries[entries.length - 1]!.index;
      assert(
        first <= Math.max(this.#lastIndex, this.#base) + 1,
        `group ${request.group}: entry ${first} leaves a gap behind ${this.#lastIndex}; restart the log, or release up to the snapshot first`,
      );
      this.#lastIndex = last;
    }
    if (request.state !== undefined) this.#state = request.state;
    if (request.repaired === true) this.#damage = undefined;
    this.#commit = Math.max(this.#commit, request.commit);
    this.#ordinal += 1;
    writeShare(batch, request, this.#ordinal, this.#writtenBase < this.#base ? this.#base : undefined);
    this.#writtenBase = this.#base;
  }

  carry(batch: BatchWriter, group: number): void {
    writeCarry(batch, group, {
      ordinal: this.#ordinal,
      commit: this.#commit,
      state: this.#state,
      base: this.#base,
      lastIndex: this.#lastIndex,
      damage: this.#damage,
    });
    this.#writtenBase = this.#base;
  }
}
