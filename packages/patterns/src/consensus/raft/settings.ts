/** `RaftOptions` with every default filled in and every limit checked. */
import type { NodeId, RaftOptions } from './types.ts';

export interface Settings {
  readonly id: NodeId;
  readonly electionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  readonly leaseReads: boolean;
  readonly clockDriftMs: number;
  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
  readonly appendBytesMax: number;
  readonly uncommittedBytesMax: number;
  readonly quiesceAfterMs: number | undefined;
  readonly random: () => number;
}

const MEBIBYTE = 1024 * 1024;

/** Throws `RangeError` for a combination that cannot work. */
export function settingsOf(options: RaftOptions): Settings {
  const electionTimeoutMs = options.electionTimeoutMs ?? 300;
  const settings: Settings = {
    id: options.id,
    electionTimeoutMs,
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? 60,
    preVote: options.preVote ?? true,
    checkQuorum: options.checkQuorum ?? true,
    leaseReads: options.reads === 'lease',
    clockDriftMs: options.clockDriftMs ?? electionTimeoutMs / 10,
    inflightMessagesMax: options.inflightMessagesMax ?? 256,
    inflightBytesMax: options.inflightBytesMax ?? 8 * MEBIBYTE,
    appendBytesMax: options.appendBytesMax ?? MEBIBYTE,
    uncommittedBytesMax: options.uncommittedBytesMax ?? 64 * MEBIBYTE,
    quiesceAfterMs: options.quiesceAfterMs,
    random: options.random,
  };
  check(settings);
  return settings;
}

function check(settings: Settings): void {
  const positive = [
    'electionTimeoutMs',
    'heartbeatIntervalMs',
    'inflightMessagesMax',
    'inflightBytesMax',
    'appendBytesMax',
    'uncommittedBytesMax',
  ] as const;
  for (const name of positive) {
    if (!(settings[name] > 0)) throw new RangeError(`${name} is ${settings[name]}: it must be above 0`);
  }
  if (settings.heartbeatIntervalMs >= settings.electionTimeoutMs) {
    throw new RangeError('heartbeatIntervalMs must be below electionTimeoutMs, best a fifth of it');
  }
  if (!settings.leaseReads) return;
  // Without check-quorum voters would not refuse candidates while the lease runs (thesis 6.4.1).
  if (!settings.checkQuorum) throw new RangeError('lease reads need checkQuorum: set it, or use index reads');
  if (!(settings.clockDriftMs >= 0 && settings.clockDriftMs < settings.electionTimeoutMs)) {
    throw new RangeError('clockDriftMs must be at least 0 and below electionTimeoutMs');
  }
}
