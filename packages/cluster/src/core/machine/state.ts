import { IdempotentReceiver } from '@quorate/patterns/transactions';
import { KeyedPut } from '../codec/index.ts';
import type { Alarm, AlarmKind, MemberRecord } from '../requests.ts';
import { KeySpace } from './key-space.ts';
import { LeaseBook } from './lease-book.ts';
import type { Reply } from './reply.ts';

/** Bounds of what is replicated; all members must have the same, so they are not options. */
export const SESSIONS_MAX: number = 8192;
/** Requests that one session may have unacknowledged. */
export const SESSION_WINDOW_MAX: number = 4096;
export const SESSION_REPLIES_BYTES_MAX: number = 64 * 1024 * 1024;
export const LEASES_MAX: number = 1_000_000;
export const MEMBERS_MAX: number = 1024;
export const ALARMS_MAX: number = 2048;

/** Everything that the log determines: equal on all members that have applied the same entries. */
export class CoreState {
  readonly leases: LeaseBook = new LeaseBook();
  readonly space: KeySpace = new KeySpace(this.leases);
  readonly members: Map<number, MemberRecord> = new Map();
  readonly alarms: Alarm[] = [];
  readonly sessions: IdempotentReceiver<Reply> = new IdempotentReceiver<Reply>({
    sessionsMax: SESSIONS_MAX,
    windowMax: SESSION_WINDOW_MAX,
    weightMax: SESSION_REPLIES_BYTES_MAX,
    weigh: (reply) => reply.weight,
  });
  /** Commands seen so far, of whatever kind: what ids are made from, so that none is ever given out twice. */
  ordinal = 0;
  /** The last entry that this state contains. */
  appliedIndex = 0;
  /** What every put is read into; means nothing between two. */
  readonly put: KeyedPut = new KeyedPut();

  hasAlarm(kind: AlarmKind): boolean {
    for (const { alarm } of this.alarms) if (alarm === kind) return true;
    return false;
  }
}
