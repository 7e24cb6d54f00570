import type { Instant } from '../base/index.ts';
import type { CallChain } from './call-chain.ts';
import type { MailboxOptions } from './mailbox.ts';

/**
 * What may begin while a turn of the actor waits. `none`: nothing. `call-chain`: calls that the waiting turn itself led to. `always`: anything;
 * then every `await` in a handler is a place where the actor's state may change.
 */
export type Reentrancy = 'none' | 'call-chain' | 'always';

export interface ActorOptions {
  /** Default none. */
  readonly reentrancy?: Reentrancy;
  readonly mailbox?: MailboxOptions;
}

export interface TurnSchedulerOptions {
  /** Names its turns in call chains: no other run of any scheduler may have it. */
  readonly name: string;
  /** Turns that one actor takes before the others get theirs. Default 10. */
  readonly throughput?: number;
  /** Turns between two ticks: then the event loop gets its chance. Default 1,000. */
  readonly turnsPerTick?: number;
  /** Turns of one actor that are under way at once. Default 100. */
  readonly interleavedMax?: number;
  /** Actors in a call chain. Default 32. */
  readonly depthMax?: number;
  /** Default 1,000,000. */
  readonly actorsMax?: number;
}

export type TurnInput<M, S = never> =
  | { readonly kind: 'spawn'; readonly actor: string; readonly options?: ActorOptions }
  /** `chain`: of the turn that waits for the answer; none when nobody waits. A turn does not begin at or after `deadline`. */
  | {
      readonly kind: 'tell';
      readonly actor: string;
      readonly message: M;
      readonly priority?: number;
      readonly chain?: CallChain;
      readonly deadline?: Instant;
    }
  /** A system message: before all others, and even when the actor is suspended; but not in the middle of a turn. */
  | { readonly kind: 'signal'; readonly actor: string; readonly signal: S }
  /** The handler has given up control until something arrives: other actors go on. */
  | { readonly kind: 'waits'; readonly turn: number }
  | { readonly kind: 'finished'; readonly turn: number }
  /** The turn is over, and the actor is suspended until somebody resumes or stops it. */
  | { readonly kind: 'failed'; readonly turn: number }
  /** The turn is over, and its message is put aside. */
  | { readonly kind: 'stash'; readonly turn: number }
  | { readonly kind: 'unstash' | 'suspend' | 'resume'; readonly actor: string }
  /** Ends the actor after the turns that are under way. */
  | { readonly kind: 'stop'; readonly actor: string }
  | { readonly kind: 'tick' };

/**
 * Why a message was not, and will not be, handled. `refused`: the mailbox is full, a `room` follows. `deadlock`: the actor waits for this very
 * call; `circle` names who waits for whom. `expired`: its deadline came first.
 */
export type Rejection =
  | { readonly why: 'refused' | 'dropped' | 'expired' | 'stopped' | 'unknown-actor' | 'stash-full' | 'too-deep' }
  | { readonly why: 'deadlock'; readonly circle: readonly string[] };

export type TurnEffect<M, S = never> =
  /**
   * Handle it, then say `finished`, `failed` or `stash`; before that `waits`, if it takes longer than this call. `chain` ends with this turn, and goes
   * with all calls whose answers the handler waits for.
   */
  | {
      readonly kind: 'turn';
      readonly turn: number;
      readonly actor: string;
      readonly message: M;
      readonly chain: CallChain;
      readonly deadline: Instant | undefined;
    }
  /** The same for a system message, which cannot be stashed. */
  | {
      readonly kind: 'signal';
      readonly turn: number;
      readonly actor: string;
      readonly signal: S;
      readonly chain: CallChain;
    }
  | { readonly kind: 'rejected'; readonly actor: string; readonly message: M; readonly rejection: Rejection }
  | { readonly kind: 'signal-rejected'; readonly actor: string; readonly signal: S }
  /** Whoever was refused may send again. */
  | { readonly kind: 'room'; readonly actor: string }
  /** There are as many actors as may be. */
  | { readonly kind: 'not-spawned'; readonly actor: string }
  | { readonly kind: 'stopped'; readonly actor: string };
