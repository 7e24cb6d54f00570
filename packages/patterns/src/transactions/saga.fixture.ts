/** A log in memory that can crash, and services that can fail in every way a network allows, and that heed idempotency keys. */
import { type SagaLog, type SagaPlan, type SagaRecord, SagaRefusal, type SagaStep } from './index.ts';

export class Crash extends Error {}

export class MemorySagaLog<I, R> implements SagaLog<I, R> {
  readonly records: SagaRecord<I, R>[] = [];
  /** Crash at this append, counted from 1 over the log's life: before or after the record is durable. */
  crashAt = 0;
  crashesAfter = false;
  appends = 0;

  async read(): Promise<readonly SagaRecord<I, R>[]> {
    return this.records.slice();
  }

  async append(_saga: string, position: number, record: SagaRecord<I, R>): Promise<boolean> {
    this.appends += 1;
    if (this.appends === this.crashAt && !this.crashesAfter) throw new Crash('before the record');
    if (position !== this.records.length) return false;
    this.records.push(structuredClone(record));
    if (this.appends === this.crashAt) throw new Crash('after the record');
    return true;
  }
}

/**
 * How a service meets a request: `ok`; `refused`: no, for good, and for this key; `busy`: turned away before anybody looked at the key; `lost-request` and
 * `lost-answer`: nobody answers.
 */
export type Behaviour = 'ok' | 'refused' | 'busy' | 'lost-request' | 'lost-answer';

/** The effects that services have had, and how they meet what comes. Each behaviour is used up once; then all is `ok`. */
export class Services {
  readonly behaviours = new Map<string, Behaviour[]>();
  /** Names of steps whose effect is there, in order; `-name` where it was undone. */
  readonly effects: string[] = [];
  readonly calls: string[] = [];
  readonly #answered = new Map<string, 'done' | 'void' | 'refused'>();

  async do(name: string, key: string): Promise<string> {
    this.#meet(name, key, () => {
      if (this.#answered.get(key) === 'void') throw new SagaRefusal('cancelled before');
      if (this.#answered.has(key)) return;
      this.#answered.set(key, 'done');
      this.effects.push(name);
    });
    return `${name}!`;
  }

  async undo(name: string, key: string, undoes: string): Promise<void> {
    this.#meet(`-${name}`, key, () => {
      if (this.#answered.has(key)) return;
      this.#answered.set(key, 'done');
      if (this.#answered.get(undoes) === 'done') this.effects.push(`-${name}`);
      this.#answered.set(undoes, 'void');
    });
  }

  #meet(name: string, key: string, act: () => void): void {
    this.calls.push(key);
    const behaviour = this.behaviours.get(name)?.shift() ?? 'ok';
    const isKnown = this.#answered.has(key);
    if ((behaviour === 'refused' && !isKnown) || this.#answered.get(key) === 'refused') {
      this.#answered.set(key, 'refused');
      throw new SagaRefusal(`${name} is refused`);
    }
    if (behaviour === 'busy') throw Object.assign(new Error(`${name} is busy`), { outcome: 'not-applied' });
    if (behaviour !== 'lost-request') act();
    if (behaviour !== 'ok' && behaviour !== 'refused') throw new Error(`${name} did not answer`);
  }
}

/** Two compensatable steps, a pivot and two retriable ones, unless told otherwise. */
export function stepsOf(services: Services, kinds: string = 'ccprr'): SagaStep<string, string>[] {
  return [...kinds].map((kind, i) => {
    const name = `${kind}${i}`;
    const run = (_scope: unknown, { key }: { key: string }): Promise<string> => services.do(name, key);
    if (kind !== 'c') return { kind: kind === 'p' ? 'pivot' : 'retriable', name, run };
    return {
      kind: 'compensatable',
      name,
      run,
      compensate: (_scope, { key, undoes }) => services.undo(name, key, undoes),
    };
  });
}

/** The effects of a plan's steps that are in force at the end. */
export function inForce(effects: readonly string[]): string[] {
  return effects.filter((name) => !name.startsWith('-') && !effects.includes(`-${name}`));
}

export function namesOf<I, R>(plan: SagaPlan<I, R>): string[] {
  return plan.steps.map(({ name }) => name);
}
