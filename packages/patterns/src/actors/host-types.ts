import type { Instant } from '../base/index.ts';

export interface ActorHostOptions {
  /** Partitions of the directory. */
  readonly partitions: number;
  /** As of the directory. */
  readonly leaseMs: number;
  /** How long before the end of its lease a host stops. A tenth of the lease or more. Default a fifth. */
  readonly marginMs?: number;
  /** How often the lease is renewed. At most a third of it, and the default. */
  readonly renewMs?: number;
  /** An actor that has had nothing to do for so long is put to sleep. Default 120,000. */
  readonly idleMs?: number;
  /** Actors awake at once, those included that are falling asleep. Default 100,000. */
  readonly actorsMax?: number;
  /** Messages that wait for an actor to wake up, of all actors. Default 10,000. */
  readonly bufferedMax?: number;
}

/** Goes with everything that an activation reads and writes: which ownership, and which activation within it (see `FenceTable`). */
export interface Fence {
  readonly partition: number;
  readonly generation: number;
  readonly activation: number;
}

export type HostInput<M> =
  /** Joined; from now on the lease is renewed. */
  | { readonly kind: 'start' }
  | { readonly kind: 'renewed'; readonly id: number }
  /** The directory does not know this host: all is lost. */
  | { readonly kind: 'unknown-host' }
  | { readonly kind: 'grant' | 'revoke'; readonly partition: number; readonly generation: number }
  | {
      readonly kind: 'message';
      readonly actor: string;
      readonly message: M;
      readonly deadline?: Instant | undefined;
    }
  /** The actor has its state and takes messages; or it could not be read. */
  | { readonly kind: 'activated' | 'activation-failed'; readonly actor: string; readonly activation: number }
  /** A message that was delivered has been handled. */
  | { readonly kind: 'handled'; readonly actor: string; readonly activation: number }
  /** The activation is no more. Also unasked, when its store said that another owns it. */
  | { readonly kind: 'deactivated'; readonly actor: string; readonly activation: number }
  | { readonly kind: 'tick' };

/**
 * Why a message was not delivered: nothing has come of it, and nothing will. `not-owner`, `moving`, `no-lease`: ask the directory again. `full`: too many
 * messages wait. `not-activated`: its state could not be read. `expired`: its deadline came first.
 */
export type HostRejection = 'not-owner' | 'moving' | 'no-lease' | 'full' | 'not-activated' | 'expired';

/**
 * `idle`, `evicted`: because of time, or of the bound. `revoked`: its partition moves. In these three cases it finishes what it has to do. `lost`: its
 * ownership may be another's by now: it stops at once and writes nothing more.
 */
export type DeactivationReason = 'idle' | 'evicted' | 'revoked' | 'lost';

export type HostEffect<M> =
  | { readonly kind: 'renew'; readonly id: number }
  | { readonly kind: 'confirmed' | 'released'; readonly partition: number; readonly generation: number }
  /** Read its state, showing the fence; then say `activated` or `activation-failed`. */
  | { readonly kind: 'activate'; readonly actor: string; readonly activation: number; readonly fence: Fence }
  /** Handle it, then say `handled`. */
  | {
      readonly kind: 'deliver';
      readonly actor: string;
      readonly activation: number;
      readonly message: M;
      readonly deadline: Instant | undefined;
    }
  /** Then say `deactivated`. May come while it is still waking up, and once more when it is lost, even if it has just ended. */
  | {
      readonly kind: 'deactivate';
      readonly actor: string;
      readonly activation: number;
      readonly reason: DeactivationReason;
    }
  | { readonly kind: 'rejected'; readonly actor: string; readonly message: M; readonly why: HostRejection }
  /** This host has nothing any more. It may join again, under another id. */
  | { readonly kind: 'excluded' };
