/**
 * Who waits for whom, as far as one request knows: the turns that wait for it, the first caller first. It travels with the request, so that a request
 * that comes back to somebody who waits for it is recognised at once, without asking anybody (as in Orleans and Dapr).
 *
 * Plain data: it goes over the wire as it is.
 */

/** A turn that waits for an answer. */
export interface Call {
  /** Which scheduler the turn belongs to: a name that no other run of any scheduler has. */
  readonly scheduler: string;
  readonly actor: string;
  /** Used once in this scheduler. */
  readonly turn: number;
}

export type CallChain = readonly Call[];

/** Who would wait for whom in a circle: from the turn at `from`, whose actor is called again, round to it. O(length). */
export function circleOf(chain: CallChain, from: number): readonly string[] {
  const circle = chain.slice(from).map(({ actor }) => actor);
  return [...circle, circle[0]!];
}
