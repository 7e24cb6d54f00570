/** What proposers, acceptors and learners of single-decree Paxos say to each other. Data only. */
import type { Accepted, Ballot } from '../ballot.ts';

export type AcceptorRequest<Value> =
  /** Phase 1 (a). */
  | { readonly kind: 'prepare'; readonly ballot: Ballot }
  /** Phase 2 (a). */
  | { readonly kind: 'accept'; readonly ballot: Ballot; readonly value: Value };

export type AcceptorAnswer<Value> =
  /** Phase 1 (b): no ballot below will be accepted any more; `accepted` is what was until now. */
  | { readonly kind: 'promise'; readonly ballot: Ballot; readonly accepted: Accepted<Value> | undefined }
  /** Phase 2 (b). */
  | { readonly kind: 'accepted'; readonly ballot: Ballot; readonly value: Value }
  /** `ballot` is that of the request, `promised` the higher one that stands against it. A hint: nothing rests on it. */
  | { readonly kind: 'rejected'; readonly ballot: Ballot; readonly promised: Ballot };

export type SynodMessage<Value> = AcceptorRequest<Value> | AcceptorAnswer<Value>;
