/** What must hold of a replicated log, whatever happens. Each check is tried on a broken variant in `log-cluster.test.ts`. */

export interface LogRecordView {
  readonly generation: number;
  readonly value: number;
}

export interface ReplicaView {
  readonly name: string;
  /** Counts the starts of the process: what is only in memory begins anew with each. */
  readonly run: number;
  readonly generation: number;
  readonly isLeader: boolean;
  readonly highWaterMark: number;
  /** All that was acknowledged before then is said to be below the mark. */
  readonly freshAsOf: number | undefined;
  readonly start: number;
  readonly records: readonly LogRecordView[];
}

export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: string;
  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`);
    this.invariant = invariant;
  }
}

export class LogInvariants {
  /** By index, what a client was told or a reader shown. */
  readonly #acknowledged = new Map<number, number>();
  readonly #shown = new Map<number, number>();
  /** In the order of time: from then on, so much was acknowledged. */
  readonly #ends: { readonly at: number; readonly end: number }[] = [{ at: Number.NEGATIVE_INFINITY, end: 0 }];
  readonly #leaders = new Map<number, string>();
  readonly #marks = new Map<string, number>();
  /** By index and generation: the value, and the generation of the record before. */
  readonly #written = new Map<string, string>();
  /** Up to where the shown log of a run was compared. */
  readonly #checked = new Map<string, number>();
  readonly #isLossAllowed: boolean;

  constructor(isLossAllowed: boolean) {
    this.#isLossAllowed = isLossAllowed;
  }

  get acknowledgedCount(): number {
    return this.#acknowledged.size;
  }

  acknowledged(index: number, value: number, at: number): void {
    this.#acknowledged.set(index, value);
    if (index >= this.#ends[this.#ends.length - 1]!.end) this.#ends.push({ at, end: index + 1 });
  }

  /** After every step of a replica. */
  observe(view: ReplicaView): void {
    this.#oneLeader(view);
    this.#monotone(view);
    this.#matching(view);
    if (this.#isLossAllowed) return;
    this.#agree(view);
    this.#fresh(view);
  }

  /** A leader was chosen, or all is quiet: it must have what was acknowledged. How much it lacks, when that is allowed. */
  lacking(view: ReplicaView): number {
    let missing = 0;
    for (const [index, value] of this.#acknowledged)
      if (index >= view.start && view.records[index - view.start]?.value !== value) missing += 1;
    if (missing > 0 && !this.#isLossAllowed)
      throw new Violation('acknowledged', `${view.name} lacks ${missing} acknowledged records`);
    return missing;
  }

  #fresh({ name, highWaterMark, freshAsOf }: ReplicaView): void {
    if (freshAsOf === undefined) return;
    let at = this.#ends.length - 1;
    while (this.#ends[at]!.at >= freshAsOf) at -= 1;
    const { end } = this.#ends[at]!;
    if (highWaterMark < end)
      throw new Violation('fresh', `${name} shows ${highWaterMark} of ${end} acknowledged before ${freshAsOf}`);
  }

  #oneLeader({ name, run, generation, isLeader }: ReplicaView): void {
    if (!isLeader) return;
    const known = this.#leaders.get(generation);
    if (known !== undefined && known !== `${name} ${run}`)
      throw new Violation('one leader', `${known} and ${name} ${run} lead generation ${generation}`);
    this.#leaders.set(generation, `${name} ${run}`);
  }

  #monotone({ name, run, generation, highWaterMark }: ReplicaView): void {
    const key = `${name} ${run} ${generation}`;
    const before = this.#marks.get(key) ?? 0;
    // A new generation may find that the log was cut; within one the mark only grows.
    if (highWaterMark < before && !this.#isLossAllowed)
      throw new Violation('monotone', `the mark of ${key} fell from ${before} to ${highWaterMark}`);
    this.#marks.set(key, highWaterMark);
  }

  /** Two logs that have a record of the same index and generation have the same record, and agree before it. */
  #matching({ name, start, records }: ReplicaView): void {
    // A step adds no more than that many.
    for (let at = Math.max(0, records.length - 4); at < records.length; at++) {
      const { generation, value } = records[at]!;
      const key = `${start + at} ${generation}`;
      const shown = at === 0 ? `${value}` : `${value} after ${records[at - 1]!.generation}`;
      const known = this.#written.get(key);
      if (known !== undefined && at > 0 && known.includes('after') && known !== shown)
        throw new Violation('matching', `${name} has ${shown} at ${key}, another had ${known}`);
      if (known === undefined || at > 0) this.#written.set(key, shown);
    }
  }

  /** What one replica shows at an index, no other shows otherwise. */
  #agree({ name, run, start, highWaterMark, records }: ReplicaView): void {
    const key = `${name} ${run}`;
    const from = Math.max(start, Math.min(this.#checked.get(key) ?? start, highWaterMark));
    this.#checked.set(key, highWaterMark);
    for (let index = from; index < highWaterMark; index++) {
      const value = records[index - start]?.value;
      const known = this.#shown.get(index);
      if (value === undefined) throw new Violation('agree', `${name} shows ${index}, which it does not have`);
      if (known !== undefined && known !== value)
        throw new Violation('agree', `${name} shows ${value} at ${index}, another showed ${known}`);
      this.#shown.set(index, value);
    }
  }
}
