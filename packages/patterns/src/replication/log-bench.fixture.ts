import { Instant } from '../base/index.ts';
import {
  type LogEffect,
  type LogInput,
  type LogMessage,
  type LogRecovery,
  LogReplica,
  type LogReplicaOptions,
  type ReplicationMode,
} from './index.ts';

/** Replicas on a table: disks are immediate, messages wait until `pump`, nothing happens by itself. */
export class LogBench {
  readonly replicas = new Map<string, LogReplica>();
  readonly mail: { readonly from: string; readonly to: string; readonly message: LogMessage }[] = [];
  /** All effects but writes and messages, with the replica's name. */
  readonly seen: (LogEffect & { readonly at: string })[] = [];
  readonly down = new Set<string>();
  now = 0;
  /** Replicas whose disk does not answer; what they wrote waits here. */
  readonly slow = new Map<string, number[]>();
  readonly #mode: ReplicationMode;
  readonly #options: Partial<LogReplicaOptions>;

  constructor(mode: ReplicationMode, options: Partial<LogReplicaOptions> = {}) {
    this.#mode = mode;
    this.#options = options;
  }

  start(self: string, recovered?: LogRecovery): LogReplica {
    const replica = new LogReplica({ ...this.#options, mode: this.#mode, self }, recovered);
    this.replicas.set(self, replica);
    return replica;
  }

  /** One replica leads the generation, and the others follow it. */
  lead(leader: string, generation: number, others: readonly string[], inSync?: readonly string[]): void {
    const replicas = [leader, ...others];
    const set = inSync === undefined ? {} : { inSync: { version: 1, members: inSync } };
    this.step(leader, { kind: 'lead', generation, replicas, ...set });
    for (const other of others) if (this.replicas.has(other)) this.step(other, { kind: 'follow', generation, leader });
  }

  step(name: string, input: LogInput): LogEffect[] {
    const out: LogEffect[] = [];
    if (this.down.has(name)) return out;
    this.replicas.get(name)!.step(input, Instant.of(this.now), out);
    for (const effect of out) {
      if (effect.kind === 'send') this.mail.push({ from: name, to: effect.to, message: effect.message });
      else if (effect.kind !== 'persist') this.seen.push({ ...effect, at: name });
    }
    for (const effect of out)
      if (effect.kind === 'persist') {
        const waiting = this.slow.get(name);
        if (waiting !== undefined) waiting.push(effect.ticket);
        else this.step(name, { kind: 'persisted', ticket: effect.ticket });
      }
    return out;
  }

  /** Delivers what is there and what comes of it. */
  pump(isLost: (message: LogMessage, to: string) => boolean = () => false): void {
    for (let letter = this.mail.shift(); letter !== undefined; letter = this.mail.shift()) {
      const { from, to, message } = letter;
      if (this.replicas.has(to) && !isLost(message, to)) this.step(to, { kind: 'message', from, message });
    }
  }

  /** Lets time pass, with all timers. */
  wait(ms: number): void {
    this.pump();
    for (const until = this.now + ms; this.now < until; ) {
      const due = [...this.replicas.values()].map(({ deadline }) => deadline ?? Number.POSITIVE_INFINITY);
      this.now = Math.min(until, Math.max(this.now + 1, Math.min(...due)));
      for (const name of this.replicas.keys()) this.step(name, { kind: 'tick' });
      this.pump();
    }
  }

  kinds(at: string): string[] {
    return this.seen.filter((effect) => effect.at === at).map(({ kind }) => kind);
  }
}

/** A log of these generations, one for each record, all on disk. */
export function logOf(generations: readonly number[], highWaterMark: number, promised?: number): LogRecovery {
  const latest = generations[generations.length - 1] ?? 0;
  const starts = generations.flatMap((generation, start) =>
    generations[start - 1] === generation ? [] : [{ generation, start }],
  );
  const generation = promised ?? latest;
  return { generation, synced: latest, starts, start: 0, end: generations.length, highWaterMark };
}
