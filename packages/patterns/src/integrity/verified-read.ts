/**
 * A read that believes no copy it has not verified: it asks one source after the other until a copy is good, and then mends those that were not.
 * Ghemawat, Gobioff and Leung, "The Google File System", SOSP 2003, section 5.2; Bairavasundaram et al., "An Analysis of Data Corruption in the
 * Storage Stack", FAST 2008, for how often it is needed.
 *
 *            start              bad, absent, failed, or time is up (and sources are left)
 *     idle --------> reading(i) ------------------------------------> reading(i + 1)
 *                       | good, also from an earlier source             | none is left
 *                       v                                               v
 *                     done: repair those that were bad or absent      waiting --(all have answered, or time is up)--> failed
 *
 * A bad copy that arrives after the end is mended too. A repair says what it saw, and must be carried out only while that is still so: else it
 * could undo a newer write. Whether absent means lost or deleted only the caller knows. A source that did not answer is not repaired.
 *
 * Pure: no clock, no timers. The caller passes `now` and runs the effects.
 */
import { Instant } from '../base/index.ts';

export interface VerifiedReadOptions<Source> {
  /** In the order in which they are asked. At least one; all distinct. */
  readonly sources: readonly Source[];
  /** When a source has not answered for so long, the next one is asked. */
  readonly timeoutMs: number;
  /** Whether a copy is good: by the digest in the manifest, or by `unseal`. */
  readonly verify: (bytes: Uint8Array) => boolean;
}

export type VerifiedReadInput<Source> =
  | { readonly kind: 'start' }
  /** `bytes` is undefined: the source has no copy. */
  | { readonly kind: 'copy'; readonly source: Source; readonly bytes: Uint8Array | undefined }
  /** The source could not be read. */
  | { readonly kind: 'error'; readonly source: Source }
  | { readonly kind: 'tick' };

export type VerifiedReadEffect<Source> =
  | { readonly kind: 'read'; readonly source: Source }
  /** Replace what was `found` there, undefined meaning nothing, by `bytes`, if it is still there. */
  | {
      readonly kind: 'repair';
      readonly source: Source;
      readonly found: Uint8Array | undefined;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'done'; readonly source: Source; readonly bytes: Uint8Array }
  /** No source has a good copy. When `silent` is 0 and `damaged` is not, the data is lost. */
  | { readonly kind: 'failed'; readonly damaged: number; readonly absent: number; readonly silent: number };

type Phase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'reading'; readonly asked: number; readonly since: Instant }
  | { readonly kind: 'done'; readonly bytes: Uint8Array }
  | { readonly kind: 'failed' };

export class VerifiedRead<Source> {
  readonly #options: VerifiedReadOptions<Source>;
  /** What each source has answered: a bad copy, undefined for none, or 'error'. */
  readonly #answers = new Map<Source, Uint8Array | undefined | 'error'>();
  #phase: Phase = { kind: 'idle' };

  constructor(options: VerifiedReadOptions<Source>) {
    if (options.sources.length === 0) throw new RangeError('there must be at least one source');
    if (new Set(options.sources).size !== options.sources.length) throw new RangeError('sources must be distinct');
    if (!(options.timeoutMs > 0)) throw new RangeError(`timeoutMs must be positive, not ${options.timeoutMs}`);
    this.#options = options;
  }

  /** When `tick` is next worth calling, or undefined when nothing is pending. */
  get deadline(): Instant | undefined {
    return this.#phase.kind === 'reading' ? Instant.add(this.#phase.since, this.#options.timeoutMs) : undefined;
  }

  /** Advances the machine. Effects are appended to `out`, in the order they must run. */
  step(input: VerifiedReadInput<Source>, now: Instant, out: VerifiedReadEffect<Source>[]): void {
    switch (input.kind) {
      case 'start':
        if (this.#phase.kind !== 'idle') throw new Error('a verified read starts once');
        return this.#ask(0, now, out);
      case 'copy':
        return this.#copy(input.source, input.bytes, now, out);
      case 'error':
        if (!this.#answers.has(input.source)) this.#answered(input.source, 'error', now, out);
        return;
      case 'tick': {
        const { deadline } = this;
        if (deadline !== undefined && now >= deadline) this.#moveOn(now, out);
        return;
      }
    }
  }

  #ask(index: number, now: Instant, out: VerifiedReadEffect<Source>[]): void {
    this.#phase = { kind: 'reading', asked: index + 1, since: now };
    out.push({ kind: 'read', source: this.#options.sources[index]! });
  }

  #copy(source: Source, bytes: Uint8Array | undefined, now: Instant, out: VerifiedReadEffect<Source>[]): void {
    if (this.#answers.has(source)) return;
    const good = bytes !== undefined && this.#options.verify(bytes);
    if (!good) return this.#answered(source, bytes, now, out);
    if (this.#phase.kind !== 'reading') return;
    this.#phase = { kind: 'done', bytes };
    out.push({ kind: 'done', source, bytes });
    for (const [bad, found] of this.#answers)
      if (found !== 'error') out.push({ kind: 'repair', source: bad, found, bytes });
  }

  #answered(
    source: Source,
    answer: Uint8Array | undefined | 'error',
    now: Instant,
    out: VerifiedReadEffect<Source>[],
  ): void {
    this.#answers.set(source, answer);
    const phase = this.#phase;
    if (phase.kind === 'done' && answer !== 'error')
      out.push({ kind: 'repair', source, found: answer, bytes: phase.bytes });
    if (phase.kind !== 'reading') return;
    const { sources } = this.#options;
    // An earlier source that answers late, and badly, changes nothing: the one asked last is still awaited.
    if (source === sources[phase.asked - 1] || this.#answers.size === sources.length) this.#moveOn(now, out);
  }

  /** Asks the next source, or ends when there is none and nothing is awaited any more. */
  #moveOn(now: Instant, out: VerifiedReadEffect<Source>[]): void {
    const { sources, timeoutMs } = this.#options;
    if (this.#phase.kind !== 'reading') return;
    const { asked, since } = this.#phase;
    if (asked < sources.length) return this.#ask(asked, now, out);
    // All have been asked; those who are late have until the last one's time is up.
    if (this.#answers.size < sources.length && now < since + timeoutMs) return;
    const answers = [...this.#answers.values()];
    const absent = answers.filter((answer) => answer === undefined).length;
    const damaged = answers.filter((answer) => answer !== undefined && answer !== 'error').length;
    this.#phase = { kind: 'failed' };
    out.push({ kind: 'failed', damaged, absent, silent: sources.length - damaged - absent });
  }
}
