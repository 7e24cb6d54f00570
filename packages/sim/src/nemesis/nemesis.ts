/**
 * Carries a list of faults out on a world, looks after nodes that died of them, and in the end heals everything, so that
 * the scenario can demand progress: safety while faults last, liveness afterwards.
 *
 *     const profile = drawProfile({ seed, nodes, durationMs: 10_000 });
 *     const world = new World(worldOptions(profile));
 *     const nemesis = new Nemesis(world, { nodes, faults: planFaults(profile) });
 *     …start the nodes… ; await world.run({ forMs: profile.durationMs }); nemesis.heal(); …
 */
import type { Cut } from '../net/index.ts';
import type { SimNode, World } from '../world/index.ts';
import { describeFault, type Fault, type FaultKind, LEADER } from './fault.ts';

export interface NemesisOptions {
  readonly nodes: readonly string[];
  readonly faults: readonly Fault[];
  /** Who leads now, for faults that aim at the leader. Without one such a fault is skipped. */
  readonly leader?: () => string | undefined;
  /** In which files bits may flip. Default: any. */
  readonly mayFlip?: (path: string) => boolean;
  /** A node that ended by itself is started again after this, as a supervisor would. Default 200; Infinity never. */
  readonly restartAfterMs?: number;
}

type Undo = () => void;

export class Nemesis {
  /** How many faults of each kind have begun. */
  readonly injected: Map<FaultKind, number> = new Map();
  /** Faults that found nothing to do: no leader, or a node that was down already. */
  skipped = 0;
  readonly #world: World;
  readonly #options: NemesisOptions;
  readonly #waiting = new Set<Disposable>();
  readonly #active = new Set<Undo>();
  /** Taken down by a fault that will bring them up again. */
  readonly #down = new Set<SimNode>();
  readonly #driftsPpm = new Map<SimNode, number>();
  #isHealed = false;

  /** From now on the faults happen; their times count from here. */
  constructor(world: World, options: NemesisOptions) {
    this.#world = world;
    this.#options = options;
    const beganMs = world.nowMs;
    for (const fault of options.faults) {
      const event = world.at(beganMs + fault.atMs, describeFault(fault), () => {
        this.#waiting.delete(event);
        this.#begin(fault);
      });
      this.#waiting.add(event);
    }
    for (const node of this.#nodes(options.nodes)) {
      this.#driftsPpm.set(node, (node.clock.rate - 1) * 1e6);
      node.onEnd((by) => this.#ended(node, by));
    }
  }

  /** Ends all faults, begins no more, and has every node running on a sound machine. What faults have destroyed stays so. */
  heal(): void {
    this.#isHealed = true;
    for (const event of this.#waiting) event[Symbol.dispose]();
    this.#waiting.clear();
    for (const undo of this.#active) undo();
    this.#active.clear();
    this.#world.net.heal();
    for (const node of this.#nodes(this.#options.nodes)) {
      node.disk.heal();
      node.clock.heal();
      if (node.isPaused) node.resume();
      if (!node.isRunning && node.incarnation > 0) node.start();
    }
    this.#world.engine.record(-1, 'everything is healed');
  }

  #begin(fault: Fault): void {
    const undo = this.#apply(fault);
    if (undo === undefined) {
      this.skipped += 1;
      return;
    }
    this.injected.set(fault.kind, (this.injected.get(fault.kind) ?? 0) + 1);
    this.#world.engine.record(-1, describeFault(fault));
    this.#active.add(undo);
    const event = this.#world.at(this.#world.nowMs + fault.forMs, `end of ${fault.kind}`, () => {
      this.#waiting.delete(event);
      if (this.#active.delete(undo)) undo();
    });
    this.#waiting.add(event);
  }

  /** Lets the fault begin, and gives its end. Undefined when there is nothing to do it to. */
  #apply(fault: Fault): Undo | undefined {
    const { net } = this.#world;
    if (fault.kind === 'cut') {
      const cuts = this.#cuts(fault.cuts);
      return cuts === undefined ? undefined : disposing([net.cut(cuts)]);
    }
    if (fault.kind === 'degrade') return disposing([net.degrade(fault.quality)]);
    const nodes = this.#nodes(fault.nodes);
    if (nodes.length === 0) return undefined;
    switch (fault.kind) {
      case 'clog':
        return disposing(nodes.flatMap(({ name }) => [net.hold({ from: name }), net.hold({ to: name })]));
      case 'reset':
        return each(nodes, (node) => this.#reset(node));
      case 'kill':
        return this.#takeDown(nodes, (node) => node.kill());
      case 'crash':
        return this.#takeDown(nodes, (node) => node.crash());
      case 'bit-flip':
        return this.#takeDown(nodes, (node) => {
          node.kill();
          this.#flip(node);
        });
      case 'pause':
        return each(
          nodes.filter((node) => node.isRunning && !node.isPaused),
          (node) => {
            const { incarnation } = node;
            node.pause();
            return () => {
              if (node.incarnation === incarnation && node.isPaused) node.resume();
            };
          },
        );
      case 'drift':
        return each(nodes, (node) => {
          node.clock.setDriftPpm(fault.ppm);
          return () => node.clock.setDriftPpm(this.#driftsPpm.get(node) ?? 0);
        });
      case 'jump':
        return each(nodes, (node) => {
          node.clock.jump(fault.byMs);
          return () => node.clock.jump(-fault.byMs);
        });
      case 'strobe':
        return each(nodes, (node) => this.#strobe(node, fault.byMs, fault.periodMs));
      default:
        return each(nodes, (node) => disturbDisk(fault, node));
    }
  }

  /** Whoever leads is not cut from itself. Undefined when there is no leader to cut. */
  #cuts(cuts: readonly Cut[]): readonly Cut[] | undefined {
    if (!cuts.some(({ from, to }) => from === LEADER || to === LEADER)) return cuts;
    const leader = this.#options.leader?.();
    if (leader === undefined) return undefined;
    const named = (name: string): string => (name === LEADER ? leader : name);
    return cuts.map(({ from, to }) => ({ from: named(from), to: named(to) })).filter(({ from, to }) => from !== to);
  }

  #nodes(names: readonly string[]): SimNode[] {
    const resolved = names.map((name) => (name === LEADER ? this.#options.leader?.() : name));
    return resolved.filter((name) => name !== undefined).map((name) => this.#world.node(name));
  }

  /** Takes running nodes down, and brings them up in the end. */
  #takeDown(nodes: readonly SimNode[], down: (node: SimNode) => void): Undo | undefined {
    return each(
      nodes.filter((node) => node.isRunning),
      (node) => {
        this.#down.add(node);
        down(node);
        return () => {
          this.#down.delete(node);
          if (!node.isRunning) node.start();
        };
      },
    );
  }

  #flip(node: SimNode): void {
    const flip = node.disk.flipRandomBit(this.#options.mayFlip);
    if (flip !== undefined)
      this.#world.engine.record(node.id, `bit ${flip.bit} of byte ${flip.offset} of ${flip.path} flips`);
  }

  #reset(node: SimNode): Undo {
    for (const other of this.#world.nodes) if (other !== node) this.#world.net.resetConnections(node.name, other.name);
    return () => {};
  }

  #strobe(node: SimNode, byMs: number, periodMs: number): Undo {
    let isAway = false;
    let next: Disposable | undefined;
    const swing = (): void => {
      node.clock.jump(isAway ? -byMs : byMs);
      isAway = !isAway;
      next = this.#world.at(this.#world.nowMs + periodMs, 'strobe', swing);
    };
    swing();
    return () => {
      next?.[Symbol.dispose]();
      if (isAway) node.clock.jump(-byMs);
    };
  }

  #ended(node: SimNode, by: 'itself' | 'others'): void {
    const afterMs = this.#options.restartAfterMs ?? 200;
    if (by === 'others' || afterMs === Number.POSITIVE_INFINITY) return;
    const event = this.#world.at(this.#world.nowMs + afterMs, 'supervisor', () => {
      this.#waiting.delete(event);
      if (!node.isRunning && !this.#down.has(node)) node.start();
    });
    if (!this.#isHealed) this.#waiting.add(event);
  }
}

/** Faults of a node's disk. */
function disturbDisk(fault: Fault, node: SimNode): Undo {
  const { disk } = node;
  switch (fault.kind) {
    case 'slow-disk':
      return disk.slowDown(fault.factor);
    case 'stuck-sync':
      disk.stall('sync');
      return () => disk.unstall();
    case 'disk-full':
      return fillDisk(node, fault.freeBytes);
    case 'failed-sync':
      disk.faults.failNext('sync');
      return () => {};
    case 'failed-write':
      disk.faults.failNext('write');
      return () => {};
    default:
      throw new RangeError(`${fault.kind} is no fault of a disk`);
  }
}

function fillDisk(node: SimNode, freeBytes: number): Undo {
  const before = node.disk.capacityBytes;
  node.disk.capacityBytes = Math.min(before, node.disk.usedBytes + freeBytes);
  return () => {
    node.disk.capacityBytes = Math.max(before, node.disk.capacityBytes);
  };
}

function each(nodes: readonly SimNode[], apply: (node: SimNode) => Undo): Undo | undefined {
  if (nodes.length === 0) return undefined;
  const undos = nodes.map(apply);
  return () => {
    for (const undo of undos) undo();
  };
}

function disposing(disposables: readonly Disposable[]): Undo {
  return () => {
    for (const disposable of disposables) disposable[Symbol.dispose]();
  };
}
