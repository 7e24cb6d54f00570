import type { Address } from '@quorate/env';
import type { NodeId } from '@quorate/patterns/consensus/raft';
import type { Core } from '../core.ts';
import type { CoreError } from '../errors.ts';
import type { RangeRequest, RangeResponse } from '../requests.ts';
import type { LeaderView } from './leader-view.ts';
import type { LeaseKeeping } from './lease-keeping.ts';
import type { ReadQueue } from './read-queue.ts';
import type { WriteQueue } from './write-queue.ts';

/** The parts of a node's core that the native server works with directly, so that its requests cost no promise. */
export interface CoreBackend {
  readonly core: Core;
  readonly view: LeaderView;
  readonly writes: WriteQueue;
  readonly reads: ReadQueue;
  readonly leaseKeeping: LeaseKeeping;
  /** What this node's state says now. */
  readNow(request: RangeRequest): RangeResponse | CoreError;
  /** Called when a turn's entries have been applied: their answers are all there. */
  onApplied(listener: () => void): Disposable;
  /** Where that member's native protocol listens, if it is known. */
  addressOf(member: NodeId | undefined): Address | undefined;
}
