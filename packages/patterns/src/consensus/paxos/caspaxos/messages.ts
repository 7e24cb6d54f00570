/** What proposers, acceptors and those who administer registers say to each other. Data only. */
import type { Accepted, Ballot, NodeId } from '../ballot.ts';
import type { RegisterConfiguration } from './configuration.ts';
import type { Held } from './held.ts';

/** From a proposer to an acceptor. `age`: see `garbage-collection.ts`. */
export type RegisterRequest<Value> =
  | { readonly kind: 'prepare'; readonly key: string; readonly ballot: Ballot; readonly age: number }
  /** With `next`, which is above `ballot`, the acceptor promises that one in the same breath (section 2.2.1). */
  | {
      readonly kind: 'accept';
      readonly key: string;
      readonly ballot: Ballot;
      readonly age: number;
      readonly held: Held<Value>;
      readonly next: Ballot | undefined;
    }
  /** Asks without a promise. `id` is the asker's. */
  | { readonly kind: 'query'; readonly key: string; readonly id: number };

/** Why an acceptor refused: a higher ballot was promised; the proposer's age is over; there is no room for another key. */
export type RegisterRefusal = 'outbid' | 'outdated' | 'full';

/** From an acceptor to a proposer. */
export type RegisterAnswer<Value> =
  | {
      readonly kind: 'promise';
      readonly key: string;
      readonly ballot: Ballot;
      readonly accepted: Accepted<Held<Value>> | undefined;
    }
  | { readonly kind: 'accepted'; readonly key: string; readonly ballot: Ballot }
  /** `promised` is what stands against it; a hint. */
  | {
      readonly kind: 'rejected';
      readonly key: string;
      readonly ballot: Ballot;
      readonly why: RegisterRefusal;
      readonly promised: Ballot;
    }
  | {
      readonly kind: 'queried';
      readonly key: string;
      readonly id: number;
      readonly accepted: Accepted<Held<Value>> | undefined;
    };

/** A deleted register and the ballot of its tombstone. */
export interface Tombstone {
  readonly key: string;
  readonly ballot: Ballot;
}

/** From the collector of tombstones to acceptors and proposers. `run` names one collection for all time. */
export type CollectorRequest =
  | { readonly kind: 'outdate'; readonly run: string; readonly keys: readonly string[]; readonly round: number }
  | {
      readonly kind: 'require-ages';
      readonly run: string;
      readonly ages: readonly (readonly [proposer: NodeId, age: number])[];
    }
  | { readonly kind: 'erase'; readonly run: string; readonly tombstones: readonly Tombstone[] };

export type CollectorAnswer =
  | { readonly kind: 'outdated'; readonly run: string; readonly age: number }
  | { readonly kind: 'ages-required'; readonly run: string }
  /** `kept`: registers that hold something else by now. */
  | { readonly kind: 'erased'; readonly run: string; readonly kept: readonly string[] };

/** From whoever changes the set of acceptors, and to them. */
export interface ConfigureRequest {
  readonly kind: 'configure';
  readonly configuration: RegisterConfiguration;
}

export interface ConfigureAnswer {
  readonly kind: 'configured';
  readonly version: number;
}
