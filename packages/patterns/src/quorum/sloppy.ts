/**
 * The sloppy quorum: when some of a key's N home nodes are down, the next nodes of its preference list take their writes, each with a hint whom it
 * stands in for, and give them back later (hinted handoff). Writes go on as long as any N nodes are up; but a read of the home nodes need not meet such
 * a write, whatever R + W is. DeCandia et al., "Dynamo", SOSP 2007, section 4.6.
 */

export interface SloppyTarget<Node> {
  readonly node: Node;
  /** The home node that it stands in for; absent for a home node. */
  readonly standsInFor?: Node;
}

export interface SloppyQuorum<Node> {
  /** Whom to ask: up to N nodes, home nodes first. */
  readonly targets: readonly SloppyTarget<Node>[];
  /** How many of them are home nodes. A caller that wants to meet strict quorums (Riak's PR and PW) checks this. */
  readonly homeNodes: number;
  /** Home nodes that are down and for whom nobody could be found. */
  readonly missing: readonly Node[];
}

/**
 * The targets of a request. `preference` is the key's whole preference list, the home nodes first. Each home node that is down is stood in for by the
 * next node of the list that is up and not yet used. `RangeError` unless `copies` is a whole number from 1 on. O(preference).
 */
export function sloppyQuorum<Node>(
  preference: readonly Node[],
  copies: number,
  isUp: (node: Node) => boolean,
): SloppyQuorum<Node> {
  if (!Number.isInteger(copies) || copies < 1)
    throw new RangeError(`copies must be a whole number from 1 on, got ${copies}`);
  const home = preference.slice(0, copies);
  const targets: SloppyTarget<Node>[] = home.filter(isUp).map((node) => ({ node }));
  const homeNodes = targets.length;
  const missing: Node[] = [];
  let next = copies;
  for (const absent of home) {
    if (isUp(absent)) continue;
    while (next < preference.length && !isUp(preference[next]!)) next += 1;
    const node = preference[next];
    next += 1;
    if (node === undefined) missing.push(absent);
    else targets.push({ node, standsInFor: absent });
  }
  return { targets, homeNodes, missing };
}
