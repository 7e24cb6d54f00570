import type { RandomNumber } from '../base/index.ts';
import type { BackoffOptions } from '../resilience/backoff.ts';
import type { RestartIntensityOptions } from './restart-intensity.ts';

/** Who is restarted when a child has failed: it alone; all; it and all that were started after it. */
export type Strategy = 'one-for-one' | 'one-for-all' | 'rest-for-one';

/** After which ends a child is restarted: `permanent`: all; `transient`: errors; `temporary`: none, and it is forgotten. */
export type RestartType = 'permanent' | 'transient' | 'temporary';

/** How a child is stopped: asked, and killed if it takes longer; asked, however long it takes; killed. */
export type StopPolicy =
  | { readonly kind: 'ask'; readonly timeoutMs: number }
  | { readonly kind: 'wait' }
  | { readonly kind: 'kill' };

export interface ChildSpec {
  /** Unique among the children of its supervisor. */
  readonly id: string;
  /** Default permanent. */
  readonly restart?: RestartType;
  /** Default to ask, and to kill after 5,000. */
  readonly stop?: StopPolicy;
}

export interface SupervisorOptions {
  readonly strategy: Strategy;
  readonly intensity?: RestartIntensityOptions;
  /** In the order in which they are started. */
  readonly children?: readonly ChildSpec[];
  /** Children at once. Default 10,000. */
  readonly childrenMax?: number;
  /** How long a child that failed waits for its restart. None when absent, as in OTP. */
  readonly backoff?: BackoffOptions;
  /** A child that has run as long has not failed in a row. Default 60,000. */
  readonly stableMs?: number;
  /** For the jitter of `backoff`, which needs it. */
  readonly random?: RandomNumber;
}

/** How a child ended by itself. `shutdown`: in order, because it was told to. */
export type ChildEnd = 'normal' | 'shutdown' | 'error';

/** What to do with a child that has failed and stands still, but lives: go on with the next message; stop it and start another; stop it; fail too. */
export type Directive = 'resume' | 'restart' | 'stop' | 'escalate';

/** What is heard of a child. `exited`: however it came to it; also after `stop` and `kill`. */
export type ChildNews =
  | { readonly kind: 'started' | 'start-failed' }
  | { readonly kind: 'exited'; readonly how: ChildEnd }
  | { readonly kind: 'failed'; readonly directive: Directive };

export type SupervisorInput =
  | { readonly kind: 'start' | 'stop' | 'tick' }
  | (ChildNews & { readonly child: string; readonly generation: number })
  /** One more child, after all others. */
  | { readonly kind: 'add'; readonly spec: ChildSpec }
  | { readonly kind: 'remove'; readonly child: string };

/**
 * Why a supervisor is down: it was told to stop; a child could not be started at the beginning; there were too many restarts; a child's failure was
 * escalated. But for the first, this is a failure for whoever supervises the supervisor.
 */
export type DownReason = 'stopped' | 'start-failed' | 'too-many-restarts' | 'escalated';

export type SupervisorEffect =
  /** Then say `started` or `start-failed`. No other run of the child exists. */
  | { readonly kind: 'start'; readonly child: string; readonly generation: number }
  /** Then say `exited`. May come while it is still starting. */
  | { readonly kind: 'stop'; readonly child: string; readonly generation: number }
  | { readonly kind: 'kill'; readonly child: string; readonly generation: number }
  | { readonly kind: 'resume'; readonly child: string; readonly generation: number }
  /** All children that were there at the beginning have been started. */
  | { readonly kind: 'up' }
  /** None runs any more. `child`: the one that it is about. */
  | { readonly kind: 'down'; readonly reason: DownReason; readonly child: string | undefined }
  /** A child that was added is not there: there are too many, it could not be started, or the supervisor itself is ending. */
  | { readonly kind: 'not-added'; readonly child: string; readonly why: 'full' | 'start-failed' | 'ended' }
  /** It has ended and will not be restarted. `temporary` children, and those that were removed, are forgotten. */
  | { readonly kind: 'ended'; readonly child: string };
