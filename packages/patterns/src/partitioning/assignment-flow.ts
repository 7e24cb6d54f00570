/**
 * Which nodes hold which partitions, such that every partition has its replicas, no zone and no node has more or fewer than its quota, and as few
 * replicas as possible are new: a flow of least cost. Each unit flows from a partition through one of its zones to a node:
 *
 *     partition ──(≤ zoneMax)──> partition in zone ──(≤ 1, costs 1 if the node did not hold it)──> node ──(least … most)──> sink
 *
 * What may stay stays (it costs nothing, so the beginning is optimal), then one replica after the other is placed along a path of least cost, which
 * may push others aside. Successive shortest paths with potentials: Ahuja, Magnanti and Orlin, "Network Flows", 1993, section 9.7; lower bounds:
 * section 6.7. Quotas from a fractional solution are always reachable, because flows with integral bounds are integral.
 */
import { assert } from '../base/index.ts';
import { mix32 } from './key-hash.ts';
import type { Quotas } from './placement-quotas.ts';

export class AssignmentFlow {
  readonly #partitions: number;
  readonly #replicas: number;
  readonly #nodes: number;
  readonly #zones: number;
  readonly #quotas: Quotas;
  readonly #nodesIn: readonly Int32Array[];
  /** Whether a node (column) held a partition (row) before, and holds it now. */
  readonly #had: Uint8Array;
  readonly #has: Uint8Array;
  /** Replicas of a partition (row) in a zone (column), of a node, of a partition. */
  readonly #inZone: Int32Array;
  readonly #load: Int32Array;
  readonly #zoneLoad: Int32Array;
  readonly #zoneShare: Float64Array;
  readonly #placed: Int32Array;
  /** The graph's vertices are numbers: partitions, then partitions in zones, then nodes, then the sink, then whoever still lacks replicas. */
  readonly #firstZone: number;
  readonly #firstNode: number;
  readonly #sink: number;
  readonly #lacking: number;
  readonly #potential: Int32Array;
  readonly #distance: Int32Array;
  readonly #cameFrom: Int32Array;
  readonly #touched: number[] = [];
  /** Vertices by distance. */
  readonly #buckets: number[][] = [];
  /** Where the search that is going on ends: the sink, or who lacks replicas. */
  #end = 0;

  /** `current[p]` are the nodes (numbers) that hold partition p. */
  constructor(current: readonly (readonly number[])[], nodes: number, replicas: number, quotas: Quotas) {
    this.#partitions = current.length;
    this.#replicas = replicas;
    this.#nodes = nodes;
    this.#zones = quotas.zoneMax.length;
    this.#quotas = quotas;
    this.#nodesIn = Array.from(quotas.zoneMax, (_, zone) =>
      Int32Array.from([...quotas.zoneOf.keys()].filter((node) => quotas.zoneOf[node] === zone)),
    );
    this.#had = new Uint8Array(this.#partitions * nodes);
    this.#has = new Uint8Array(this.#partitions * nodes);
    this.#inZone = new Int32Array(this.#partitions * this.#zones);
    this.#load = new Int32Array(nodes);
    this.#zoneLoad = new Int32Array(this.#zones);
    this.#zoneShare = new Float64Array(this.#zones);
    for (let node = 0; node < nodes; node++) this.#zoneShare[quotas.zoneOf[node]!]! += quotas.shares[node]!;
    this.#placed = new Int32Array(this.#partitions);
    this.#firstZone = this.#partitions;
    this.#firstNode = this.#firstZone + this.#partitions * this.#zones;
    this.#sink = this.#firstNode + nodes;
    this.#lacking = this.#sink + 1;
    this.#potential = new Int32Array(this.#lacking + 1);
    this.#distance = new Int32Array(this.#lacking + 1).fill(-1);
    this.#cameFrom = new Int32Array(this.#lacking + 1);
    current.forEach((held, partition) => {
      this.#keep(partition, held);
    });
  }

  /** Whether a node holds a partition. */
  holds(partition: number, node: number): boolean {
    return this.#has[partition * this.#nodes + node] === 1;
  }

  loadOf(node: number): number {
    return this.#load[node]!;
  }

  /** O(replicas that are new · (partitions · nodes)) at worst, far less as a rule. */
  solve(): void {
    this.#end = this.#sink;
    for (let partition = 0; partition < this.#partitions; partition++)
      for (; this.#placed[partition]! < this.#replicas; this.#placed[partition]! += 1) this.#augment(partition);
    // From here on nodes that lack something take it from those that have more than their least.
    this.#end = this.#lacking;
    const { least } = this.#quotas;
    for (;;) {
      let lacking = 0;
      let lowest = Number.POSITIVE_INFINITY;
      for (let node = 0; node < this.#nodes; node++) {
        if (this.#load[node]! >= least[node]!) continue;
        lacking += 1;
        lowest = Math.min(lowest, this.#potential[this.#firstNode + node]!);
      }
      if (lacking === 0) return;
      this.#potential[this.#lacking] = lowest;
      this.#augment(this.#sink);
    }
  }

  #keep(partition: number, held: readonly number[]): void {
    for (const node of held) {
      const zone = this.#quotas.zoneOf[node]!;
      const inZone = partition * this.#zones + zone;
      this.#had[partition * this.#nodes + node] = 1;
      if (this.#placed[partition] === this.#replicas || this.#inZone[inZone] === this.#quotas.zoneMax[zone]) continue;
      if (this.#load[node] === this.#quotas.most[node]) continue;
      this.#has[partition * this.#nodes + node] = 1;
      this.#inZone[inZone]! += 1;
      this.#addLoad(node, 1);
      this.#placed[partition]! += 1;
    }
  }

  /** One more unit along a path of least cost from `source` to the end. */
  #augment(source: number): void {
    const length = this.#search(source);
    assert(length >= 0, 'a placement within the quotas always exists');
    for (let to = this.#end; to !== source; to = this.#cameFrom[to]!) this.#flip(this.#cameFrom[to]!, to);
    // Distances up to the end become part of the potentials, so that no arc that is left costs less than nothing.
    for (const vertex of this.#touched) {
      const distance = this.#distance[vertex]!;
      if (distance < length) this.#potential[vertex]! += distance - length;
      this.#distance[vertex] = -1;
    }
    this.#touched.length = 0;
    for (const bucket of this.#buckets) bucket.length = 0;
  }

  /** The length of the shortest path, in reduced costs; −1 when there is none. Dial's algorithm: costs are small whole numbers. */
  #search(source: number): number {
    this.#reach(source, source, 0);
    for (let length = 0; length < this.#buckets.length; length++) {
      const bucket = this.#buckets[length]!;
      while (bucket.length > 0) {
        // Once the end is this near, nothing that has not been looked at can be nearer.
        if (this.#distance[this.#end] === length) return length;
        const vertex = bucket.pop()!;
        if (this.#distance[vertex] === length) this.#expand(vertex);
      }
      if (this.#distance[this.#end] === length) return length;
    }
    return -1;
  }

  #reach(from: number, to: number, distance: number): void {
    const known = this.#distance[to]!;
    if (known >= 0 && known <= distance) return;
    if (known < 0) this.#touched.push(to);
    this.#distance[to] = distance;
    this.#cameFrom[to] = from;
    while (this.#buckets.length <= distance) this.#buckets.push([]);
    this.#buckets[distance]!.push(to);
  }

  #arc(from: number, to: number, cost: number): void {
    this.#reach(from, to, this.#distance[from]! + cost + this.#potential[from]! - this.#potential[to]!);
  }

  #expand(vertex: number): void {
    if (vertex < this.#firstZone) this.#expandPartition(vertex);
    else if (vertex < this.#firstNode) this.#expandZone(vertex);
    else if (vertex < this.#sink) this.#expandNode(vertex);
    else if (vertex === this.#sink) this.#expandSink();
  }

  #expandPartition(partition: number): void {
    const first = this.#firstZone + partition * this.#zones;
    let emptiest = -1;
    for (let zone = 0; zone < this.#zones; zone++) {
      if (this.#inZone[partition * this.#zones + zone]! >= this.#quotas.zoneMax[zone]!) continue;
      this.#arc(partition, first + zone, 0);
      const better = emptiest < 0 || isBetter(partition, zone, emptiest, this.#zoneLoad, this.#zoneShare);
      if (better) emptiest = zone;
    }
    if (emptiest >= 0) this.#lookAtNext(partition, first + emptiest);
  }

  #expandZone(vertex: number): void {
    const inZone = vertex - this.#firstZone;
    const partition = Math.floor(inZone / this.#zones);
    if (this.#inZone[inZone]! > 0) this.#arc(vertex, partition, 0);
    const row = partition * this.#nodes;
    let emptiest = -1;
    for (const node of this.#nodesIn[inZone % this.#zones]!) {
      if (this.#has[row + node] === 1) continue;
      this.#arc(vertex, this.#firstNode + node, 1 - this.#had[row + node]!);
      if (emptiest < 0 || isBetter(partition, node, emptiest, this.#load, this.#quotas.shares)) emptiest = node;
    }
    if (emptiest >= 0) this.#lookAtNext(vertex, this.#firstNode + emptiest);
  }

  /** Last in, first out: of what costs the same, the emptiest is looked at first, so that little is left to even out. */
  #lookAtNext(from: number, to: number): void {
    if (this.#cameFrom[to] === from) this.#buckets[this.#distance[to]!]!.push(to);
  }

  #expandNode(vertex: number): void {
    const node = vertex - this.#firstNode;
    const limit = this.#end === this.#sink ? this.#quotas.most[node]! : this.#quotas.least[node]!;
    if (this.#load[node]! < limit) {
      this.#arc(vertex, this.#end, 0);
      if (this.#distance[this.#end] === this.#distance[vertex]) return;
    }
    if (this.#end !== this.#sink && this.#load[node]! < this.#quotas.most[node]!) this.#arc(vertex, this.#sink, 0);
    const zone = this.#quotas.zoneOf[node]!;
    for (let partition = 0; partition < this.#partitions; partition++) {
      const at = partition * this.#nodes + node;
      if (this.#has[at] === 1) this.#arc(vertex, this.#firstZone + partition * this.#zones + zone, this.#had[at]! - 1);
    }
  }

  #expandSink(): void {
    for (let node = 0; node < this.#nodes; node++)
      if (this.#load[node]! > this.#quotas.least[node]!) this.#arc(this.#sink, this.#firstNode + node, 0);
  }

  /** Sends one unit along an arc, or takes one back from its opposite. */
  #flip(from: number, to: number): void {
    if (to >= this.#sink) this.#addLoad(from - this.#firstNode, 1);
    else if (from === this.#sink) this.#addLoad(to - this.#firstNode, -1);
    else if (from < this.#firstZone) this.#inZone[to - this.#firstZone]! += 1;
    else if (to < this.#firstZone) this.#inZone[from - this.#firstZone]! -= 1;
    else if (from < this.#firstNode) this.#has[this.#cellOf(from, to)] = 1;
    else this.#has[this.#cellOf(to, from)] = 0;
  }

  #addLoad(node: number, by: number): void {
    this.#load[node]! += by;
    this.#zoneLoad[this.#quotas.zoneOf[node]!]! += by;
  }

  #cellOf(zoneVertex: number, nodeVertex: number): number {
    const partition = Math.floor((zoneVertex - this.#firstZone) / this.#zones);
    return partition * this.#nodes + nodeVertex - this.#firstNode;
  }
}

/**
 * Whether a partition should rather go to one node (or zone) than to another: the emptier one, and of equals another one for each partition. Were it
 * always the first, the same nodes would share all their partitions, and when one fails, only its few companions could help to copy.
 */
function isBetter(partition: number, one: number, other: number, loads: Int32Array, shares: Float64Array): boolean {
  const difference = loads[one]! * shares[other]! - loads[other]! * shares[one]!;
  if (difference !== 0) return difference < 0;
  return mix32(mix32(partition) ^ one) < mix32(mix32(partition) ^ other);
}
